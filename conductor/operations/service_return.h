#pragma once
#include "conductor/core/context.h"

#include <vector>

namespace bm::conductor {

/// Capturing, verifying or a service took a running machine down: whatever goes wrong meanwhile, it is
/// brought back to its own system first, and only then the operation fails (docs/adr/0045).

/// Whether @p operation must bring the machine back before it may fail: it has taken it down, and has not
/// failed already.
bool mustReturn(const model::Operation& operation, const std::vector<model::Step>& steps);
/// Stores @p error as the operation's, and skips to the steps that bring the machine back. Part of the
/// caller's transaction.
void beginReturn(db::Transaction& tx, const Context& context, model::Operation operation,
                 std::vector<model::Step> steps, const model::Error& error);
/// The machine is back: the operation fails with what was stored, the node is active again.
void endReturn(db::Transaction& tx, const Context& context, const model::Operation& operation,
               const std::optional<db::LeaseEpoch>& epoch);

} // namespace bm::conductor

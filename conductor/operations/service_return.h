#pragma once
#include "conductor/core/context.h"

#include <vector>

namespace bm::conductor {

/// A capture, a disk verification or a service has shut a running machine down. When it fails, bm starts the
/// machine's own system again before the operation ends (docs/adr/0045).

/// True if @p operation must start the machine again before it fails: it has shut it down, and has not failed
/// before.
bool mustReturn(const model::Operation& operation, const std::vector<model::Step>& steps);
/// Stores @p error as the operation's, and skips to the steps that bring the machine back. Part of the
/// caller's transaction.
void beginReturn(db::Transaction& tx, const Context& context, model::Operation operation,
                 std::vector<model::Step> steps, const model::Error& error);
/// The machine runs again: fails the operation with its stored error and makes the node active.
void endReturn(db::Transaction& tx, const Context& context, const model::Operation& operation,
               const model::Node& node, const std::optional<db::LeaseEpoch>& epoch);

} // namespace bm::conductor

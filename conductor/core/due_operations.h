#pragma once
#include "conductor/core/context.h"

namespace bm::conductor {

/// Makes the unfinished operation @p id due at once, as part of @p tx; the engine wakes after the commit.
void makeDueNow(db::Transaction& tx, const Context& context, const model::OperationId& id);
/// Asks @p operation to stop at its next safe point, by the request of @p actor; the engine wakes after the
/// commit.
void requestAbort(db::Transaction& tx, const Context& context, model::Operation operation,
                  const std::string& actor);

} // namespace bm::conductor

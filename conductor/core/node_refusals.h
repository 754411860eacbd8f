#pragma once
#include "conductor/core/context.h"

namespace bm::conductor {

/// Refusals that every operation shares. Part of the caller's transaction.

/// @throws Error Conflict in maintenance mode, in Ironic's words
void refuseMaintenance(const model::Node& node);
/// @throws Error NodeProtected
void refuseProtected(const model::Node& node);
/// @throws Error Conflict when the node has disable_power_off
void refusePowerOff(const model::Node& node);
/// @throws Error NodeLocked when an operation is at work
void refuseBusy(db::Transaction& tx, const Context& context, const model::Node& node);

} // namespace bm::conductor

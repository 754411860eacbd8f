#pragma once
#include "conductor/core/context.h"

#include <string>

namespace bm::conductor {

/// Begins an operation that compares an active node's disk with its image. It writes nothing.
/// @throws Error NotFound (node; never deployed by this bm), NodeLocked, InvalidTransition, Conflict
/// (maintenance), InvalidInput (no boot port)
model::OperationId beginVerifyDisk(const Context& context, const std::string& ident,
                                   const std::string& actor);

} // namespace bm::conductor

#pragma once
#include "common/model/image.h"
#include "conductor/core/context.h"

#include <string>

namespace bm::conductor {

struct CaptureRequest {
    std::string name;           ///< of the new image
    std::string rootDeviceJson; ///< hints, checked by the caller; empty: as for a deployment
    bool generalise = false;    ///< leaves out machine-id, ssh host keys, leases and logs
    model::ImageKind kind = model::ImageKind::Disk; ///< or Tree: the files of the root file system
};

/// Begins the operation on an active node (or one whose service failed).
/// @throws Error NotFound, Conflict (name taken, maintenance), NodeLocked, InvalidTransition, InvalidInput
/// (name, no boot port, a kind that cannot be captured)
model::OperationId beginCapture(const Context& context, const std::string& ident,
                                const CaptureRequest& request, const std::string& actor);

} // namespace bm::conductor

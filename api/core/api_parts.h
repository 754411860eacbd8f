#pragma once
#include "conductor/core/context.h"
#include "conductor/events/event_hub.h"
#include "conductor/events/webhooks.h"
#include "conductor/fleet/rollouts/rollouts.h"
#include "conductor/fleet/schedules/schedules.h"
#include "conductor/health/doctor.h"
#include "conductor/images/image_catalogue.h"
#include "conductor/images/image_reference.h"
#include "conductor/machines/agent_service.h"
#include "conductor/machines/boot_service.h"
#include "conductor/machines/relay_coordinator.h"
#include "conductor/nodes/node_commands.h"
#include "conductor/operations/operations.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace bm::api {

struct ApiSettings {
    std::filesystem::path ramdiskFolder; ///< folder of vmlinuz and initrd.img; empty: none
    std::filesystem::path loaderFolder;  ///< folder of iPXE's loaders for UEFI HTTP boot; empty: none
    std::uint64_t maxUploadBytes = std::uint64_t{1}
                                   << 40U; ///< limit of one image upload; a larger one gets 413
    bool checkHost = false;           ///< the listener has no login: refuse Hosts that are not this server's
    std::vector<std::string> names{}; ///< host names of this server, in lower case
};

/// The parts of the server that handlers call. Borrowed; must outlive the Api.
struct ApiParts {
    conductor::Context context;
    conductor::NodeCommands& nodes;
    conductor::Operations& operations;
    conductor::ImageCatalogue& images;
    conductor::AgentService& agents;
    conductor::BootService& boots;
    conductor::RelayCoordinator& relay;
    conductor::ImageTags& tags;
    conductor::fleet::Rollouts& rollouts;
    conductor::EventHub& events;
    conductor::Webhooks& webhooks;
    conductor::fleet::Schedules& schedules;
    ApiSettings settings{};
    conductor::Doctor* doctor = nullptr; ///< null: GET /v1/doctor answers 404
};

} // namespace bm::api

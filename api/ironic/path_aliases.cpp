#include "api/ironic/path_aliases.h"

#include <array>
#include <fmt/format.h>
#include <string>

namespace bm::api {
namespace {

/// Ironic's controllers below /v1/nodes that take the node as an argument.
constexpr auto kControllers = std::to_array<const char*>({
    "states",
    "states/console",
    "states/power",
    "states/provision",
    "states/raid",
    "states/boot_mode",
    "states/secure_boot",
    "maintenance",
    "management/boot_device",
    "management/inject_nmi",
    "management/indicators",
    "vendor_passthru",
});

/// Controllers that take the node in the query only.
constexpr auto kQueryControllers =
    std::to_array<const char*>({"management/boot_device/supported", "vendor_passthru/methods"});

} // namespace

void addPathAliases(http::Router& router)
{
    const auto below = [](const char* controller) {
        return fmt::format("/v1/nodes/{{node_ident}}/{}", controller);
    };
    router.serveAtRoot("/v1");
    for (const char* const controller : kControllers) {
        router.alias(fmt::format("/v1/nodes/{}/{{node_ident}}", controller), below(controller));
        router.alias(fmt::format("/v1/nodes/{}/{{node_ident}}/{{rest*}}", controller),
                     below(controller) + "/{rest*}");
        router.alias(fmt::format("/v1/nodes/{}?node_ident", controller), below(controller));
    }
    for (const char* const controller : kQueryControllers)
        router.alias(fmt::format("/v1/nodes/{}?node_ident", controller), below(controller));
    for (const char* const name : {"node", "node_uuid"})
        router.alias(fmt::format("/v1/nodes/validate?{}", name),
                     fmt::format("/v1/nodes/{{{}}}/validate", name));
    router.alias("/v1/chassis/{chassis_uuid}/nodes", "/v1/nodes?chassis_uuid");
    router.alias("/v1/chassis/{chassis_uuid}/nodes/detail", "/v1/nodes/detail?chassis_uuid");
}

} // namespace bm::api

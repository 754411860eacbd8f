#include "api/ironic/path_aliases.h"

#include <array>
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
    const std::string nodes = "/v1/nodes/", node = nodes + "{node_ident}/", argument = "?node_ident";
    router.serveAtRoot("/v1");
    for (const std::string controller : kControllers) {
        router.alias(nodes + controller + "/{node_ident}", node + controller);
        router.alias(nodes + controller + "/{node_ident}/{rest*}", node + controller + "/{rest*}");
        router.alias(nodes + controller + argument, node + controller);
    }
    for (const std::string controller : kQueryControllers)
        router.alias(nodes + controller + argument, node + controller);
    for (const std::string name : {"node", "node_uuid"})
        router.alias(nodes + "validate?" + name, nodes + "{" + name + "}/validate");
    router.alias("/v1/chassis/{chassis_uuid}/nodes", "/v1/nodes?chassis_uuid");
    router.alias("/v1/chassis/{chassis_uuid}/nodes/detail", "/v1/nodes/detail?chassis_uuid");
}

} // namespace bm::api

#include "api/ironic/path_aliases.h"

#include "api/core/request_values.h"
#include "common/http/paths.h"
#include "conductor/resources/allocation_rules.h"
#include "conductor/resources/port_group_rules.h"
#include "db/repositories/repositories.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <string>
#include <string_view>

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

constexpr std::string_view kSuffix = ".json";

/// Of the resources whose addresses Ironic also serves with the suffix: "" is "/", "v1" is "/v1".
constexpr auto kSuffixed = std::to_array<std::string_view>(
    {"", "v1", "allocations", "chassis", "conductors", "deploy_templates", "drivers", "events", "heartbeat",
     "lookup", "nodes", "portgroups", "ports", "shards", "volume"});

/// True if a record of @p resource has the name @p name.
bool isNamed(const ApiParts& parts, std::string_view resource, const std::string& name)
{
    return parts.context.database.read([&](db::Transaction& tx) {
        if (resource == "nodes")
            return db::NodeRepository{}.findByName(tx, name).has_value();
        if (resource == "portgroups")
            return conductor::portGroupRules().repository().findBy(tx, "name", name).has_value();
        return resource == "allocations" &&
               conductor::allocationRules().repository().findBy(tx, "name", name).has_value();
    });
}

/// True if the version of @p request takes a suffix for no part of the address. The filters refuse requests
/// of an unknown version.
bool ignoresSuffix(const http::Request& request)
{
    constexpr int kPlainSince = 91;
    try {
        return versionOf(request).minor < kPlainSince;
    } catch (const wire::RoutingError&) {
        return false;
    }
}

bool dropsSuffix(const ApiParts& parts, const http::Request& request)
{
    http::PathSegments path = http::segmentsOf(request.path);
    if (path.size() > 1 && path.front() == "v1")
        path.erase(path.begin());
    std::string_view resource = path.front();
    if (path.size() == 1)
        resource.remove_suffix(kSuffix.size());
    return std::ranges::find(kSuffixed, resource) != kSuffixed.end() && ignoresSuffix(request) &&
           (path.size() != 2 || !isNamed(parts, resource, path[1]));
}

} // namespace

void addPathAliases(http::Router& router, const ApiParts& parts)
{
    router.dropSuffix(kSuffix,
                      [&parts](const http::Request& request) { return dropsSuffix(parts, request); });
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

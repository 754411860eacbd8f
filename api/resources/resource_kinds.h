#pragma once
#include "api/core/api_parts.h"
#include "common/http/router.h"

#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string_view>
#include <vector>

namespace bm::api {

/// Serves the routes of one kind of resource. Must outlive the router.
class ResourceHandler {
public:
    virtual ~ResourceHandler() = default;
    virtual void mount(http::Router& router) = 0;
};

/// One kind of stored resource, without its type.
struct ResourceKind {
    std::string_view path;                  ///< "/v1/chassis"
    std::string_view ofNode;                ///< "/v1/nodes/{ident}/portgroups", or empty
    std::string_view schema;                ///< its name in the OpenAPI document: "Chassis"
    int since;                              ///< minor of the microversion
    std::function<nlohmann::json()> fields; ///< its OpenAPI schema
    std::function<std::unique_ptr<ResourceHandler>(const ApiParts&)> handler;
};

// A new kind gets a line here and in the list below.
ResourceKind chassisKind();
ResourceKind portGroupKind();
ResourceKind volumeConnectorKind();
ResourceKind volumeTargetKind();
ResourceKind allocationKind();
ResourceKind deployTemplateKind();
ResourceKind runbookKind();
ResourceKind inspectionRuleKind();

/// Every kind of stored resource besides nodes and ports: Api mounts them, /v1 lists them, the OpenAPI
/// document describes them.
inline const std::vector<ResourceKind>& resourceKinds()
{
    static const std::vector<ResourceKind> kinds{
        chassisKind(),    portGroupKind(),      volumeConnectorKind(), volumeTargetKind(),
        allocationKind(), deployTemplateKind(), runbookKind(),         inspectionRuleKind(),
    };
    return kinds;
}

} // namespace bm::api

#pragma once
#include "api/core/api_parts.h"
#include "common/http/router.h"
#include "common/wire/resources/resource_shape.h"
#include "conductor/resources/allocation_rules.h"
#include "conductor/resources/chassis_rules.h"
#include "conductor/resources/inspection_rule_rules.h"
#include "conductor/resources/port_group_rules.h"
#include "conductor/resources/step_list_rules.h"
#include "conductor/resources/volume_rules.h"

#include <string>
#include <string_view>
#include <vector>

namespace bm::api {

/// A query parameter that restricts a list to rows with an equal column.
struct ResourceFilter {
    std::string_view name;
    std::string_view column;
    bool isNode = false; ///< a node's name or uuid
};

/// The routes and columns of one kind of resource.
template <class T> struct ResourceRoutes {
    std::string_view path;   ///< "/v1/chassis"
    std::string_view list;   ///< the list's member: "chassis"
    std::string_view ofNode; ///< "/v1/nodes/{ident}/portgroups", or empty
    int since = 1;           ///< microversion
    int ofNodeSince = 1;
    bool detailRoute = true;   ///< true if PATH/detail exists; ?detail= always does
    std::string_view sortable; ///< columns allowed in sort_key, blank-separated
    std::vector<ResourceFilter> filters{};
    bool removesAll = false; ///< DELETE PATH deletes all
    int patchSince = 0;      ///< microversion of PATCH, if later than the resource's
    const wire::ResourceShape<T>& (*shape)();
    const conductor::ResourceRules<T>& (*rules)();
};

/// List, show, create, patch and delete of one kind of resource; Ironic handles all kinds alike.
template <class T> class ResourceApi {
public:
    ResourceApi(const ApiParts& parts, const ResourceRoutes<T>& routes)
        : parts_(parts), routes_(routes), resources_(parts.context, routes.rules())
    {}
    void mount(http::Router& router);

private:
    using Fields = typename wire::ResourceShape<T>::Fields;
    void list(http::Request& request, http::Response& response, bool detail, bool ofNode) const;
    void show(http::Request& request, http::Response& response) const;
    void create(http::Request& request, http::Response& response) const;
    void patch(http::Request& request, http::Response& response) const;
    void remove(http::Request& request, http::Response& response) const;
    void removeAll(http::Request& request, http::Response& response) const;
    db::ResourcePage pageOf(const http::Request& request, bool ofNode) const;
    void send(const http::Request& request, http::Response& response, int status, const T& item) const;
    void checkVersion(const http::Request& request) const;

    const ApiParts& parts_;
    const ResourceRoutes<T>& routes_;
    conductor::Resources<T> resources_;
};

extern template class ResourceApi<model::Chassis>;
extern template class ResourceApi<model::PortGroup>;
extern template class ResourceApi<model::VolumeConnector>;
extern template class ResourceApi<model::VolumeTarget>;
extern template class ResourceApi<model::Allocation>;
extern template class ResourceApi<model::DeployTemplate>;
extern template class ResourceApi<model::Runbook>;
extern template class ResourceApi<model::InspectionRule>;

const ResourceRoutes<model::Chassis>& chassisRoutes();
const ResourceRoutes<model::PortGroup>& portGroupRoutes();
const ResourceRoutes<model::VolumeConnector>& volumeConnectorRoutes();
const ResourceRoutes<model::VolumeTarget>& volumeTargetRoutes();
const ResourceRoutes<model::Allocation>& allocationRoutes();
const ResourceRoutes<model::DeployTemplate>& deployTemplateRoutes();
const ResourceRoutes<model::Runbook>& runbookRoutes();
const ResourceRoutes<model::InspectionRule>& inspectionRuleRoutes();

} // namespace bm::api

#pragma once
#include "api/core/api_parts.h"
#include "api/core/request_values.h"
#include "api/resources/resource_kinds.h"
#include "common/http/router.h"
#include "common/wire/resources/resource_shape.h"
#include "conductor/resources/resources.h"

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

/// The routes and columns of one kind of resource. The kind's own file has them.
template <class T> struct ResourceRoutes {
    std::string_view path;   ///< "/v1/chassis"
    std::string_view list;   ///< the list's member: "chassis"
    std::string_view schema; ///< its name in the OpenAPI document: "Chassis"
    std::string_view ofNode; ///< "/v1/nodes/{ident}/portgroups", or empty
    int since = 1;           ///< microversion
    int ofNodeSince = 1;
    bool detailRoute = true;   ///< true if PATH/detail exists; ?detail= always does
    std::string_view sortable; ///< columns allowed in sort_key, blank-separated
    std::vector<ResourceFilter> filters{};
    bool removesAll = false;              ///< DELETE PATH deletes all
    int patchSince = 0;                   ///< microversion of PATCH, if later than the resource's
    TooOld tooOld = TooOld::NotFound;     ///< the answer to requests with an older version
    TooOld listTooOld = TooOld::NotFound; ///< the answer to GET and POST of PATH, unless tooOld differs
    const wire::ResourceShape<T>& (*shape)();
    const conductor::ResourceRules<T>& (*rules)();
    /// The item as the actor may see it; nullptr: whole.
    T (*shown)(const ApiParts& parts, const http::Request& request, T item) = nullptr;
};

/// List, show, create, patch and delete of one kind of resource; Ironic handles all kinds alike.
/// api/resources/resource_api.cpp.h has the code, for the file with the routes.
template <class T> class ResourceApi final : public ResourceHandler {
public:
    /// @p routes must outlive it.
    ResourceApi(const ApiParts& parts, const ResourceRoutes<T>& routes)
        : parts_(parts), routes_(routes), resources_(parts.context, routes.rules())
    {}
    void mount(http::Router& router) override;

private:
    using Fields = typename wire::ResourceShape<T>::Fields;
    void list(http::Request& request, http::Response& response, bool detail, bool ofNode) const;
    void show(http::Request& request, http::Response& response) const;
    void create(http::Request& request, http::Response& response) const;
    void patch(http::Request& request, http::Response& response) const;
    void remove(http::Request& request, http::Response& response) const;
    void removeAll(http::Request& request, http::Response& response) const;
    db::ResourcePage pageOf(const http::Request& request, bool ofNode) const;
    void write(wire::JsonWriter& out, const http::Request& request, const T& item,
               const Fields& fields) const;
    void send(const http::Request& request, http::Response& response, int status, const T& item) const;
    void checkVersion(const http::Request& request) const;

    const ApiParts& parts_;
    const ResourceRoutes<T>& routes_;
    conductor::Resources<T> resources_;
};

} // namespace bm::api

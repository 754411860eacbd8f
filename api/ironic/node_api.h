#pragma once
#include "api/core/api_parts.h"
#include "common/http/router.h"
#include "conductor/resources/chassis_rules.h"

namespace bm::api {

/// /v1/nodes and /v1/nodes/{ident}: list, create, show, patch, delete, maintenance, validate.
class NodeApi {
public:
    explicit NodeApi(const ApiParts& parts)
        : parts_(parts), chassis_(parts.context, conductor::chassisRules())
    {}
    void mount(http::Router& router);

private:
    void list(http::Request& request, http::Response& response, bool detail) const;
    void show(http::Request& request, http::Response& response) const;
    void create(http::Request& request, http::Response& response) const;
    void patch(http::Request& request, http::Response& response) const;
    void remove(http::Request& request, http::Response& response) const;
    void setMaintenance(http::Request& request, http::Response& response, bool on) const;
    void validate(http::Request& request, http::Response& response) const;

    const ApiParts& parts_;
    conductor::Resources<model::Chassis> chassis_;
};

} // namespace bm::api

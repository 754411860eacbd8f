#pragma once
#include "api/core/api_parts.h"
#include "common/http/router.h"

namespace bm::api {

/// /v1/nodes/{ident}/states in Ironic's form: show, power, provision, console.
class NodeStatesApi {
public:
    explicit NodeStatesApi(const ApiParts& parts) : parts_(parts) {}
    void mount(http::Router& router);

private:
    void show(http::Request& request, http::Response& response) const;
    void setPower(http::Request& request, http::Response& response) const;
    void setProvision(http::Request& request, http::Response& response) const;
    void console(http::Request& request, http::Response& response) const;

    const ApiParts& parts_;
};

} // namespace bm::api

#pragma once
#include "api/core/api_parts.h"
#include "common/http/router.h"

namespace bm::api {

/// /v1/ports, /v1/ports/{ident} (uuid or MAC), /v1/nodes/{ident}/ports.
class PortApi {
public:
    explicit PortApi(const ApiParts& parts) : parts_(parts) {}
    void mount(http::Router& router);

private:
    void list(http::Request& request, http::Response& response, bool detail) const;
    void ofNode(http::Request& request, http::Response& response, bool detail) const;
    void ofGroup(http::Request& request, http::Response& response, bool detail) const;
    void show(http::Request& request, http::Response& response) const;
    void create(http::Request& request, http::Response& response) const;
    void patch(http::Request& request, http::Response& response) const;
    void remove(http::Request& request, http::Response& response) const;

    const ApiParts& parts_;
};

} // namespace bm::api

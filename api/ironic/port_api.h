#pragma once
#include "api/api.h"

namespace bm::api {

/// By uuid or MAC. @throws Error NotFound
model::Port findPort(db::Transaction& tx, const std::string& ident);

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

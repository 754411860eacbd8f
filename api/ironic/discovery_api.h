#pragma once
#include "api/core/api_parts.h"
#include "common/http/router.h"

namespace bm::api {

/// /, /v1 and /v1/drivers: versions, resources and drivers.
class DiscoveryApi {
public:
    explicit DiscoveryApi(const ApiParts& parts) : parts_(parts) {}
    void mount(http::Router& router);

private:
    void root(const http::Request& request, http::Response& response) const;
    void v1(const http::Request& request, http::Response& response) const;
    void drivers(const http::Request& request, http::Response& response) const;
    void driver(const http::Request& request, http::Response& response) const;
    void driverProperties(const http::Request& request, http::Response& response) const;

    const ApiParts& parts_;
};

} // namespace bm::api

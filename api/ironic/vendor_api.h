#pragma once
#include "api/core/api_parts.h"
#include "common/http/router.h"
#include "conductor/nodes/management.h"

#include <string>

namespace bm::api {

/// Ironic's vendor passthru of nodes and drivers, and POST /v1/events.
class VendorApi {
public:
    explicit VendorApi(const ApiParts& parts) : parts_(parts), management_(parts.context) {}
    void mount(http::Router& router);

private:
    void methods(http::Request& request, http::Response& response) const;
    void call(http::Request& request, http::Response& response) const;
    void driverMethods(http::Request& request, http::Response& response) const;
    void driverCall(http::Request& request, http::Response& response) const;
    void raidProperties(http::Request& request, http::Response& response) const;
    void events(http::Request& request, http::Response& response) const;
    std::string knownDriver(const http::Request& request) const;

    const ApiParts& parts_;
    conductor::Management management_;
};

} // namespace bm::api

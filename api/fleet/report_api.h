#pragma once
#include "api/core/api_parts.h"
#include "common/http/router.h"

namespace bm::api {

/// Signed reports about a node's disk, and requests to verify the disk.
class ReportApi {
public:
    explicit ReportApi(const ApiParts& parts) : parts_(parts) {}
    void mount(http::Router& router);

private:
    void show(http::Request& request, http::Response& response) const;
    void verify(http::Request& request, http::Response& response) const;
    const ApiParts& parts_;
};

} // namespace bm::api

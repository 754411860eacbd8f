#pragma once
#include "api/core/api_parts.h"
#include "common/http/router.h"

namespace bm::api {

/// Summaries of the fleet: GET /v1/fleet (nodes by state, operations, recent failures), GET /v1/operations
/// (unfinished ones with step and rate), GET /v1/steps/medians (durations of deployments).
class FleetApi {
public:
    explicit FleetApi(const ApiParts& parts) : parts_(parts) {}
    void mount(http::Router& router);

private:
    void fleet(http::Request& request, http::Response& response) const;
    void operations(http::Request& request, http::Response& response) const;
    void medians(http::Request& request, http::Response& response) const;
    const ApiParts& parts_;
};

} // namespace bm::api

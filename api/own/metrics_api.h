#pragma once
#include "api/core/api_parts.h"
#include "common/http/router.h"

namespace bm::api {

/// /metrics, and counters of requests.
class MetricsApi {
public:
    explicit MetricsApi(const ApiParts& parts) : parts_(parts) {}
    void mount(http::Router& router);
    /// For Router::onFinish. @p listener: "operators" or "machines".
    void record(std::string_view listener, const http::Request& request, const http::Response& response,
                const http::Finish& finish) const;

private:
    const ApiParts& parts_;
};

} // namespace bm::api

#pragma once
#include "api/core/api_parts.h"
#include "common/http/router.h"

namespace bm::api {

/// Writes every request that may change something into the audit log, and shows the log.
class AuditApi {
public:
    explicit AuditApi(const ApiParts& parts) : parts_(parts) {}
    void mount(http::Router& router);
    /// For the operators' router: called after every request. What cannot be written is logged.
    void record(const http::Request& request, const http::Response& response,
                const http::Finish& finish) const;

private:
    void list(http::Request& request, http::Response& response) const;

    const ApiParts& parts_;
};

} // namespace bm::api

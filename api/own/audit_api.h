#pragma once
#include "api/core/api_parts.h"
#include "common/http/router.h"

namespace bm::api {

/// Records every request that may change something in the audit log, and shows the log.
class AuditApi {
public:
    explicit AuditApi(const ApiParts& parts) : parts_(parts) {}
    void mount(http::Router& router);
    /// Called by the operators' router after every request. A failed write is logged.
    void record(const http::Request& request, const http::Response& response,
                const http::Finish& finish) const;

private:
    bool isStored(const http::Request& request, const http::Response& response) const;
    void list(http::Request& request, http::Response& response) const;

    const ApiParts& parts_;
};

} // namespace bm::api

#pragma once
#include "api/core/api_parts.h"
#include "common/http/router.h"

namespace bm::api {

/// /v1/logs: the latest lines of bmd's log, from memory.
class LogApi {
public:
    explicit LogApi(const ApiParts& parts) : parts_(parts) {}
    void mount(http::Router& router);

private:
    void list(http::Request& request, http::Response& response) const;

    const ApiParts& parts_;
};

} // namespace bm::api

#pragma once
#include "api/core/api_parts.h"
#include "common/http/router.h"

namespace bm::api {

/// /v1/nodes/{ident}/allocation; ResourceApi has /v1/allocations.
class AllocationApi {
public:
    explicit AllocationApi(const ApiParts& parts) : parts_(parts) {}
    void mount(http::Router& router);

private:
    void showOfNode(http::Request& request, http::Response& response) const;
    void removeOfNode(http::Request& request, http::Response& response) const;

    const ApiParts& parts_;
};

} // namespace bm::api

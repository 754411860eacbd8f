#pragma once
#include "api/core/api_parts.h"
#include "common/http/router.h"

namespace bm::api {

/// GET /v1/doctor?check=dhcp,bmc&node=rack1-07: bmd's checks of its own prerequisites.
class DoctorApi {
public:
    explicit DoctorApi(const ApiParts& parts) : parts_(parts) {}
    void mount(http::Router& router);

private:
    void examine(http::Request& request, http::Response& response) const;
    const ApiParts& parts_;
};

} // namespace bm::api

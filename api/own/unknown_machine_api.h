#pragma once
#include "api/core/api_parts.h"
#include "common/http/router.h"

namespace bm::api {

/// Shows the machines on the provisioning network that are not enrolled: GET /v1/unknown-machines.
class UnknownMachineApi {
public:
    explicit UnknownMachineApi(const ApiParts& parts) : parts_(parts) {}
    void mount(http::Router& router);

private:
    void list(http::Request& request, http::Response& response) const;

    const ApiParts& parts_;
};

} // namespace bm::api

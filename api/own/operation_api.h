#pragma once
#include "api/core/api_parts.h"
#include "common/http/router.h"

namespace bm::api {

/// bm's own /v1/nodes/{ident}/provision, /v1/nodes/{ident}/operation, .../operation/abort,
/// .../operation/reboot-ok.
class OperationApi {
public:
    explicit OperationApi(const ApiParts& parts) : parts_(parts) {}
    void mount(http::Router& router);

private:
    void provision(http::Request& request, http::Response& response) const;
    void provide(http::Request& request, http::Response& response) const;
    void abort(http::Request& request, http::Response& response) const;
    void allowReboot(http::Request& request, http::Response& response) const;
    void show(http::Request& request, http::Response& response) const;

    const ApiParts& parts_;
};

} // namespace bm::api

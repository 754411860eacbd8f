#pragma once
#include "api/core/api_parts.h"
#include "common/http/router.h"

namespace bm::api {

/// /v1/webhooks: receivers of events.
class WebhookApi {
public:
    explicit WebhookApi(const ApiParts& parts) : parts_(parts) {}
    void mount(http::Router& router);

private:
    void list(http::Request& request, http::Response& response) const;
    void show(http::Request& request, http::Response& response) const;
    void add(http::Request& request, http::Response& response) const;
    void remove(http::Request& request, http::Response& response) const;
    void test(http::Request& request, http::Response& response) const;

    const ApiParts& parts_;
};

} // namespace bm::api

#pragma once
#include "api/core/api_parts.h"
#include "common/http/router.h"

namespace bm::api {

/// bm's own /v1/rollouts: plans, rollouts and their nodes; and the one-time URLs by which deployed systems
/// phone home.
class RolloutApi {
public:
    explicit RolloutApi(const ApiParts& parts) : parts_(parts) {}
    void mount(http::Router& router);
    void mountPhoneHome(http::Router& router);

private:
    void create(http::Request& request, http::Response& response) const;
    void list(http::Request& request, http::Response& response) const;
    void show(http::Request& request, http::Response& response) const;
    void relay(http::Request& request, http::Response& response) const;
    void nodes(http::Request& request, http::Response& response) const;
    void verb(http::Request& request, http::Response& response) const;
    void remove(http::Request& request, http::Response& response) const;
    void phoneHome(http::Request& request, http::Response& response) const;
    void send(const http::Request& request, http::Response& response, int status,
              const model::Rollout& rollout) const;

    const ApiParts& parts_;
};

} // namespace bm::api

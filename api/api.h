#pragma once
#include "api/core/api_parts.h"
#include "common/http/router.h"

#include <memory>

namespace bm::api {

/// All routes. Mount before the servers start; must outlive the routers. Handlers are thread-safe.
class Api {
public:
    explicit Api(ApiParts parts);
    ~Api();
    Api(const Api&) = delete;
    Api& operator=(const Api&) = delete;
    /// Ironic's API and bm's own, for operators and their tools. The caller adds an authentication filter to
    /// the router first (api/access/authentication.h).
    void mount(http::Router& router);
    /// Lookup, agent exchange, boot scripts and files, image blocks, for machines on the provisioning
    /// network.
    void mountProvisioning(http::Router& router);
    /// Ends waiting event requests. Call it before the servers stop.
    void stop();

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace bm::api

#pragma once
#include "api/core/api_parts.h"
#include "common/http/router.h"

#include <cstdint>

namespace bm::api {

/// The requests of agents: lookup and heartbeat (Ironic's form), exchange and config drive (bm's own).
class AgentApi {
public:
    explicit AgentApi(const ApiParts& parts) : parts_(parts) {}
    enum class Versions : std::uint8_t { Required, Ignored }; ///< bm's own agent sends no microversion
    /// Lookup and heartbeat; on the operators' listener, too, since Ironic has only one.
    void mountIronic(http::Router& router, Versions versions);
    void mountOwn(http::Router& router);

private:
    void lookup(http::Request& request, http::Response& response) const;
    void heartbeat(http::Request& request, http::Response& response) const;
    void continueInspection(http::Request& request, http::Response& response) const;
    void exchange(http::Request& request, http::Response& response) const;
    void configDrive(http::Request& request, http::Response& response) const;

    const ApiParts& parts_;
};

} // namespace bm::api

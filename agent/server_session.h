#pragma once
#include "agent/base/agent_log.h"
#include "common/model/deadline.h"
#include "common/platform/guarded.h"
#include "common/platform/http_client.h"
#include "common/wire/agent/agent_exchange.h"

#include <stop_token>
#include <string>

namespace bm::agent {

/// The identity of this agent and the address of its server, from the kernel command line.
struct AgentIdentity {
    std::string apiBase; ///< "http://10.77.0.1:6386", without a slash at its end
    std::string nodeUuid;
    std::string bootSecret;    ///< one-time, hex
    std::string nonce;         ///< made once per boot
    std::string bootId;        ///< the kernel's
    std::string bootInterface; ///< MAC, may be empty
    std::string addresses;     ///< MACs, comma-separated
};

/// bmd's agent API. token() is thread-safe, the rest is for one thread.
class ServerSession {
public:
    explicit ServerSession(AgentIdentity identity);
    /// Trades the boot secret for a token. @throws Error Unavailable, Unauthorized, Forbidden, NotFound,
    /// InvalidInput ...
    void lookup(const std::stop_token& stop);
    /// @throws Error Unauthorized (look up again), Unavailable ...
    wire::AgentExchangeAnswer exchange(const wire::AgentExchangeRequest& request,
                                       const std::stop_token& stop);
    bool hasToken();
    void forgetToken();
    /// The token if @p url is bmd's, else nothing, so that no other server gets it.
    std::string tokenFor(const std::string& url);
    const AgentIdentity& identity() const { return identity_; }

private:
    AgentIdentity identity_;
    platform::HttpClient client_;
    platform::Guarded<std::string> token_;
};

} // namespace bm::agent

#pragma once
#include "agent/base/agent_log.h"

#include <string>
#include <vector>

namespace bm::agent {

/// Brings interfaces up, so that the kernel reports their links and receives frames. The destructor takes
/// them down again. They get no addresses (IPv6 is disabled on them). Needs CAP_NET_ADMIN; logs an interface
/// that does not come up.
class LinksUp {
public:
    LinksUp(const std::vector<std::string>& interfaces, AgentLog& log);
    ~LinksUp();
    LinksUp(const LinksUp&) = delete;
    LinksUp& operator=(const LinksUp&) = delete;
    bool any() const { return !taken_.empty(); }

private:
    struct Taken {
        std::string interface;
        std::string ipv6Off; ///< the previous value of disable_ipv6
    };
    std::vector<Taken> taken_;
};

} // namespace bm::agent

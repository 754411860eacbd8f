#pragma once
#include "agent/base/agent_log.h"

#include <string>
#include <vector>

namespace bm::agent {

/// Takes interfaces that are down up, so that the kernel tells their link and frames come in; they go down
/// again with it. They get no addresses meanwhile (IPv6 is off on them). Needs CAP_NET_ADMIN; one that cannot
/// be taken up is noted.
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
        std::string ipv6Off; ///< what disable_ipv6 was
    };
    std::vector<Taken> taken_;
};

} // namespace bm::agent

#pragma once
#include "common/wire/json/json_writer.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace bm::wire {

/// One node in a chain of the relay (GET /v1/rollouts/{rollout}/relay).
struct RelayMember {
    std::string node;
    std::string address;
    std::string state; ///< copying, done, failed, lost
    bool slow = false;
    std::string source;                               ///< a node's name, or "server"; empty: none now
    std::map<std::string, std::uint64_t> bytesFrom{}; ///< stored bytes by source
    std::uint64_t bytesServed = 0;
    std::uint64_t bytesPerSecond = 0;
    std::uint32_t children = 0;
};
using RelayChain = std::vector<RelayMember>;

/// {"content_id", "server_bytes", "chains": [{"nodes": [...]}]}
void writeRelay(JsonWriter& out, const std::string& contentId, const std::vector<RelayChain>& chains);

} // namespace bm::wire

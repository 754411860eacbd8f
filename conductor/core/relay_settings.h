#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace bm::conductor {

enum class RelayOrder : std::uint8_t { Rack, Address, Join };
std::optional<RelayOrder> relayOrderFromText(const std::string& text);

/// Keys of bmd.yaml; a rollout may set its own.
struct RelaySettings {
    bool enabled = true;
    std::uint16_t port = 6387;    ///< of the agents' relays; another one where it is taken
    std::size_t chains = 0;       ///< per copy; 0: one for each 64 nodes
    std::uint64_t cacheBytes = 0; ///< of each node's memory; 0: by its memory
    RelayOrder order = RelayOrder::Rack;
    bool operator==(const RelaySettings&) const = default;
};

} // namespace bm::conductor

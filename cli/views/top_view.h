#pragma once
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace bm::cli {

/// A snapshot of the fleet: bmd's answers.
struct FleetSnapshot {
    std::string server;        ///< address of bmd
    nlohmann::json fleet;      ///< GET /v1/fleet
    nlohmann::json operations; ///< the list in GET /v1/operations
    nlohmann::json rollouts;   ///< the list in GET /v1/rollouts; null when bmd has none
};

/// Renders the fleet in lines of at most @p width characters: sums by state, rollouts, running operations
/// (copying ones first), the latest failures. At most @p height lines, unless @p height is 0; the last line
/// of a section counts the omitted rows.
std::vector<std::string> renderTop(const FleetSnapshot& snapshot, std::size_t width, std::size_t height);

} // namespace bm::cli

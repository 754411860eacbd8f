#pragma once
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace bm::cli {

/// One look at the fleet: the answers of bmd.
struct FleetLook {
    std::string server;        ///< its address
    nlohmann::json fleet;      ///< GET /v1/fleet
    nlohmann::json operations; ///< the list in GET /v1/operations
    nlohmann::json rollouts;   ///< the list in GET /v1/rollouts; null where there are none
};

/// Lines of at most @p width characters and, unless @p height is 0, at most @p height of them: sums by state,
/// rollouts, operations at work (the moving ones first), the latest failures. What does not fit is counted.
std::vector<std::string> renderTop(const FleetLook& look, std::size_t width, std::size_t height);

} // namespace bm::cli

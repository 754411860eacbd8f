#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace bm::cli {

/// A stretch of a deployment: a step of the operation, or a part of the boot within one.
struct Stretch {
    std::string step; ///< the step's own name, "await_agent"; "" for parts and what follows the operation
    std::string text; ///< as people say it
    std::int64_t beganMillis = 0; ///< since 1970
    std::int64_t millis = 0;
    bool part = false; ///< lies within the step before it
};

/// The last deployment among a node's events (GET /v1/nodes/{ident}/events), from its beginning to the
/// system's first signs of life; empty when there was none. The boot within "starting the RAM disk" is told
/// by what was seen on the wire: DHCP offer, loader, kernel, RAM disk, agent; after the operation by DHCP and
/// phone-home.
std::vector<Stretch> durationsOf(const nlohmann::json& events);

/// Rows for a list: step, text, at_s (since the beginning), took_s, share (of the whole), median_s and
/// difference_s where @p medians (GET /v1/steps/medians) has the step, slowest.
nlohmann::json durationRows(const std::vector<Stretch>& stretches, const nlohmann::json& medians);

} // namespace bm::cli

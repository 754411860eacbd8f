#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace bm::cli {

/// A part of a deployment's duration: a step of the operation, or a part of the boot within a step.
struct Stretch {
    std::string
        step; ///< name of the step, "await_agent"; "" for boot parts and for everything after the operation
    std::string text;             ///< title for people
    std::int64_t beganMillis = 0; ///< since 1970
    std::int64_t millis = 0;
    bool part = false; ///< lies within the preceding step
};

/// Splits the last deployment among a node's events (GET /v1/nodes/{ident}/events) into stretches, up to the
/// first events of the deployed system. Empty without a deployment. Events of DHCP, loader, kernel, RAM disk
/// and agent divide the step "starting the RAM disk"; DHCP and phone-home events divide the time after the
/// operation.
std::vector<Stretch> durationsOf(const nlohmann::json& events);

/// Rows for a list: step, text, at_s (seconds since the beginning), took_s, share (of the total), slowest.
/// median_s and difference_s are present where @p medians (GET /v1/steps/medians) has the step.
nlohmann::json durationRows(const std::vector<Stretch>& stretches, const nlohmann::json& medians);

} // namespace bm::cli

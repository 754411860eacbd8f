#pragma once
#include "common/model/fleet/rollout.h"
#include "common/platform/exec.h"
#include "conductor/fleet/selection/rollout_request.h"

#include <filesystem>
#include <optional>
#include <string>

namespace bm::conductor::fleet {

/// A question to a gate about one node: made in a transaction, asked outside of it.
struct GateQuestion {
    enum class Kind : std::uint8_t { Drain, Health };
    Kind kind = Kind::Drain;
    std::string rowUuid; ///< of the rollout's node
    std::string rollout; ///< its name
    std::string node;    ///< its name
    std::string nodeUuid;
    std::string address; ///< of the deployed system; "" not known
    DrainGate drain{};
    HealthGate health{};
};

/// Go: the gate is passed. Wait: ask again later. Refuse: the node is left out.
struct GateAnswer {
    enum class Verdict : std::uint8_t { Go, Wait, Refuse };
    Verdict verdict = Verdict::Wait;
    std::string detail;                                  ///< for people
    std::optional<std::chrono::milliseconds> askAgain{}; ///< after this, instead of the gate's interval
};

/// Asks once, ten seconds at most. A drain URL gets a POST with {"rollout", "node", "node_uuid", "address"}:
/// 2xx with
/// {"answer": "go" | "wait" | "refuse", "reason"} or an empty body (go), 202 or 503 (wait, Retry-After
/// counts), 4xx refuses. A drain command gets the same as arguments: exit 0 goes, 75 waits, any other refuses
/// with its output as the reason. Never throws: an error is Wait with the reason.
GateAnswer askGate(const GateQuestion& question, platform::Exec& exec,
                   const std::filesystem::path& gatesFolder, std::stop_token stop);

} // namespace bm::conductor::fleet

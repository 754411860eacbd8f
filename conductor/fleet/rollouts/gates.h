#pragma once
#include "common/model/error.h"
#include "common/model/fleet/rollout.h"
#include "common/platform/exec.h"
#include "common/platform/outgoing_policy.h"
#include "conductor/fleet/selection/rollout_request.h"

#include <filesystem>
#include <optional>
#include <string>

namespace bm::conductor::fleet {

/// A call of a gate for one node. A transaction prepares it; askGate() makes it outside of the transaction.
struct GateQuestion {
    enum class Kind : std::uint8_t { Drain, Health };
    Kind kind = Kind::Drain;
    std::string rowUuid; ///< of the rollout's node
    std::string rollout; ///< its name
    std::string node;    ///< its name
    std::string nodeUuid;
    std::string address;                             ///< of the deployed system, as stored; "" unknown
    platform::Asker asker = platform::Asker::System; ///< the party that named the address
    DrainGate drain{};
    HealthGate health{};
};

/// Go: the node proceeds. Wait: call the gate again later. Refuse: the rollout skips the node. Fail: bm
/// cannot call the gate for this node.
struct GateAnswer {
    enum class Verdict : std::uint8_t { Go, Wait, Refuse, Fail };
    Verdict verdict = Verdict::Wait;
    std::string detail; ///< for people
    std::optional<std::chrono::milliseconds>
        askAgain{};                        ///< until the next call; default: the gate's interval
    std::optional<model::Error> failure{}; ///< of Fail
};

/// Calls the gate once, ten seconds at most. A drain URL gets a POST with {"rollout", "node", "node_uuid",
/// "address"}. Answers: 2xx with {"answer": "go" | "wait" | "refuse", "reason"} or an empty body (go), 202 or
/// 503 (wait, Retry-After counts), 4xx (refuse). A drain command gets the same values in its environment
/// (BM_ROLLOUT, BM_NODE_NAME, BM_NODE_UUID, BM_NODE_ADDRESS) and as arguments: exit 0 means go, 75 wait, any
/// other refuse with its output as the reason. A value that is not a host address, or an argument that begins
/// with '-', is Fail: the gate is not called. Never throws: any other error is Wait with the reason. The body
/// of a URL's answer and a server's greeting go to bmd's log only, escaped.
/// @param reach  of URLs and ports
GateAnswer askGate(const GateQuestion& question, const platform::Reach& reach, platform::Exec& exec,
                   const std::filesystem::path& gatesFolder, std::stop_token stop);

} // namespace bm::conductor::fleet

#pragma once
#include "common/model/clock.h"
#include "common/model/ids.h"
#include "common/text/json_text.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace bm::model {

/// A verb that runs on a node. Queued: waits for a free place; Running: bm runs its steps.
enum class OperationState : std::uint8_t { Queued, Running, Done, Failed, Aborted };
/// Capture: makes an image of the node's disk; VerifyDisk: compares the disk with its image.
enum class OperationKind : std::uint8_t {
    Verify,
    Clean,
    Deploy,
    Undeploy,
    Power,
    Capture,
    VerifyDisk,
    Inspect,
    Adopt,
    Rescue,
    Unrescue,
    Service,
};
inline constexpr std::size_t kOperationKindCount = static_cast<std::size_t>(OperationKind::Service) + 1;
enum class StepState : std::uint8_t { Pending, Running, Waiting, Done, Failed, Skipped };

std::string_view toText(OperationState state) noexcept;
std::string_view toText(OperationKind kind) noexcept;
std::string_view toText(StepState state) noexcept;
std::optional<OperationState> operationStateFromText(std::string_view text) noexcept;
std::optional<OperationKind> operationKindFromText(std::string_view text) noexcept;
std::optional<StepState> stepStateFromText(std::string_view text) noexcept;

/// A row per verb. `then` lists the verbs that follow a success ("bm provision" from enroll: verify, then
/// clean, then deploy); the transaction that ends one operation begins the next.
struct Operation {
    OperationId id;
    NodeId node;
    OperationKind kind = OperationKind::Verify;
    OperationState state = OperationState::Queued;
    JsonText request{};  ///< image, root device hints, config drive reference, power target ...
    JsonText then{"[]"}; ///< ["clean", "deploy"]
    std::string actor;   ///< user name
    RolloutId rollout;   ///< of the rollout that began it; empty: none
    bool abortRequested = false;
    std::string errorCode; ///< kebab-case; "" unless failed or aborted
    std::string errorMessage;
    std::string errorHint;
    UtcTime createdAt{};
    std::optional<UtcTime> startedAt;
    std::optional<UtcTime> finishedAt;
    UtcTime runAt{}; ///< the engine does not run it before
};

/// A row per step of an operation; the intent is stored (Running) before the side effect, the outcome after
/// it.
struct Step {
    StepId id;
    OperationId operation;
    std::int32_t position = 0; ///< order within the operation, from 0
    std::string name;          ///< "boot_ramdisk", "write_image" ...
    std::string interface;     ///< "deploy", "power", "management", "clean"
    std::int32_t priority = 0; ///< Ironic's, higher first; shown only
    JsonText arguments{};
    StepState state = StepState::Pending;
    std::int32_t attempts = 0;
    std::int32_t crashes = 0; ///< of bmd inside its handler, one after another
    std::int64_t bytesDone = 0;
    std::int64_t bytesTotal = 0;
    std::string message; ///< its present activity, for people
    JsonText result{};
    std::string errorCode;
    std::string errorMessage;
    std::string errorHint;
    std::optional<UtcTime> startedAt;
    std::optional<UtcTime> finishedAt;
    std::optional<UtcTime> deadline; ///< in the database, so that a wait survives a restart
};

struct Done {}; ///< finished: the next step begins
struct Again {
    std::chrono::milliseconds after;
}; ///< not finished: call the handler again after the interval
struct AwaitAgent {
    UtcTime deadline;
};                                                              ///< until the agent reports
struct Hold {};                                                 ///< until an operator's unhold
using StepResult = std::variant<Done, Again, AwaitAgent, Hold>; ///< failure is a thrown Error

} // namespace bm::model

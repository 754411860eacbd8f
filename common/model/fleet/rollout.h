#pragma once
#include "common/model/clock.h"
#include "common/model/ids.h"
#include "common/text/json_text.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bm::model {

/// Planned: a stored plan, not started. Running: the controller begins nodes. Paused: it begins none, nodes
/// at work continue. Aborting: it begins none, nodes at work stop at their next safe point. Final states:
/// Done (no node failed), Failed (some did), Aborted.
enum class RolloutState : std::uint8_t { Planned, Running, Paused, Aborting, Done, Failed, Aborted };

/// A node's state in a rollout. Planned: the plan is not started. Pending: waits for its wave and a free
/// place. Draining: bm polls its drain gate. Working: an operation runs. Checking: bm polls its health gate.
/// Retrying: waits until runAt, then begins again. Restoring: bm deploys the previous image. Final states:
/// Done, Failed, Skipped (with a reason), Aborted.
enum class RolloutNodeState : std::uint8_t {
    Planned,
    Pending,
    Draining,
    Working,
    Checking,
    Retrying,
    Restoring,
    Done,
    Failed,
    Skipped,
    Aborted,
};

/// The plan's verdict on a node.
enum class PlanVerdict : std::uint8_t { Write, Skip, Refuse };

std::string_view toText(RolloutState state) noexcept;
std::string_view toText(RolloutNodeState state) noexcept;
std::string_view toText(PlanVerdict verdict) noexcept;
std::optional<RolloutState> rolloutStateFromText(std::string_view text) noexcept;
std::optional<RolloutNodeState> rolloutNodeStateFromText(std::string_view text) noexcept;
std::optional<PlanVerdict> planVerdictFromText(std::string_view text) noexcept;

/// Running, Paused or Aborting: no other rollout may have its nodes.
bool isOpen(RolloutState state) noexcept;
/// Done, Failed, Skipped or Aborted.
bool hasEnded(RolloutNodeState state) noexcept;

/// The deployment of an image to a set of nodes, in waves; independent of clients and of bmd's restarts.
struct Rollout {
    RolloutId id;
    std::string name; ///< unique; made from the image's and a number when not given
    RolloutState state = RolloutState::Planned;
    JsonText request{};      ///< the canonical body of POST /v1/rollouts
    std::string imageWanted; ///< the request's: "web:stable"
    ImageId image;           ///< the image of that name when bm planned it
    std::string imageName;
    std::string contentId;
    std::string actor;  ///< user name
    std::string reason; ///< of its pause, failure or abort; "" else
    std::string hint;
    std::string fingerprint;           ///< of the planned nodes: a start refuses when it has changed
    std::int64_t acceptedFailures = 0; ///< failures before the operator's latest resume
    std::int32_t wave = 0;             ///< the present one, from 0 (the canaries, where there are any)
    std::string scheduleRun;           ///< uuid of its schedule's run; "" none
    UtcTime createdAt{};
    std::optional<UtcTime> startedAt;
    std::optional<UtcTime> finishedAt;
    std::int64_t version = 0; ///< rises with each stored change
};

/// One node of a rollout.
struct RolloutNode {
    std::string uuid; ///< of this row
    RolloutId rollout;
    NodeId node;
    std::string nodeName; ///< when bm planned it; stays when the node is deleted
    std::string rack;     ///< properties.rack; "" unknown
    std::int32_t position = 0;
    std::int32_t wave = 0;
    PlanVerdict verdict = PlanVerdict::Write;
    RolloutNodeState state = RolloutNodeState::Planned;
    std::string reasonCode; ///< kebab-case: why skipped, refused or failed; "" else
    std::string reason;
    std::string hint;
    std::int32_t attempts = 0; ///< begun deployments
    bool drained = false;      ///< its drain gate answered go
    std::string previousImage; ///< id of the image before the rollout; "" none
    OperationId operation;     ///< the latest of this rollout on it
    std::string gateDetail;    ///< the latest answer of its gate
    std::string phoneHomeHash; ///< SHA-256 of its one-time phone-home token; "" none
    std::optional<UtcTime> phonedHomeAt;
    std::optional<UtcTime> gateDeadline; ///< until when the gate may say wait
    UtcTime runAt{};                     ///< when the controller checks the node again
    std::optional<UtcTime> startedAt;
    std::optional<UtcTime> finishedAt;
};

/// Nodes of a rollout by their state.
struct RolloutCounts {
    std::int64_t total = 0;
    std::int64_t pending = 0; ///< Planned, Pending and Retrying
    std::int64_t working = 0; ///< Draining, Working, Checking, Restoring
    std::int64_t done = 0;
    std::int64_t failed = 0;
    std::int64_t skipped = 0;
    std::int64_t aborted = 0;
};

} // namespace bm::model

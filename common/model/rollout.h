#pragma once
#include "common/model/clock.h"
#include "common/model/ids.h"
#include "common/text/json_text.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bm::model {

using RolloutId = Id<struct RolloutTag>;

/// Planned: a stored plan that nobody has started. Running: nodes are being begun. Paused: none is begun,
/// those at work go on. Aborting: none is begun, those at work stop at their next safe point. The rest are
/// ends: Done (no node failed), Failed (some did), Aborted.
enum class RolloutState : std::uint8_t { Planned, Running, Paused, Aborting, Done, Failed, Aborted };

/// A node's way through a rollout. Planned: of a plan not started. Pending: waits for its wave and room.
/// Draining: its drain gate is asked. Working: an operation is at work. Checking: its health gate is asked.
/// Retrying: waits until runAt, then begins again. Restoring: the previous image is being put back. Ends:
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

/// What the plan says of a node.
enum class PlanVerdict : std::uint8_t { Write, Skip, Refuse };

std::string_view toText(RolloutState state) noexcept;
std::string_view toText(RolloutNodeState state) noexcept;
std::string_view toText(PlanVerdict verdict) noexcept;
std::optional<RolloutState> rolloutStateFromText(std::string_view text) noexcept;
std::optional<RolloutNodeState> rolloutNodeStateFromText(std::string_view text) noexcept;
std::optional<PlanVerdict> planVerdictFromText(std::string_view text) noexcept;

/// Running, Paused or Aborting: its nodes are taken.
bool isOpen(RolloutState state) noexcept;
/// Done, Failed, Skipped or Aborted.
bool hasEnded(RolloutNodeState state) noexcept;

/// An image put on a set of nodes, in waves; survives every restart and client.
struct Rollout {
    RolloutId id;
    std::string name; ///< unique; made from the image's and a number when not given
    RolloutState state = RolloutState::Planned;
    JsonText request{};      ///< the canonical body of POST /v1/rollouts
    std::string imageWanted; ///< as asked: "web:stable"
    ImageId image;           ///< what that was when planned
    std::string imageName;
    std::string contentId;
    std::string actor;  ///< who made it
    std::string reason; ///< why it is paused, failed or aborted; "" else
    std::string hint;
    std::string fingerprint;           ///< of the planned nodes: a start refuses when it has changed
    std::int64_t acceptedFailures = 0; ///< of which an operator knew when he resumed
    std::int32_t wave = 0;             ///< the one at work, from 0 (the canaries, where there are any)
    std::string scheduleRun;           ///< uuid of the schedule's run that made it; "" else
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
    std::string nodeName; ///< as it was when planned; kept when the node is deleted
    std::string rack;     ///< properties.rack; "" not known
    std::int32_t position = 0;
    std::int32_t wave = 0;
    PlanVerdict verdict = PlanVerdict::Write;
    RolloutNodeState state = RolloutNodeState::Planned;
    std::string reasonCode; ///< kebab-case: why skipped, refused or failed; "" else
    std::string reason;
    std::string hint;
    std::int32_t attempts = 0; ///< times that it was begun
    bool drained = false;      ///< its drain gate has said go
    std::string previousImage; ///< id of the image on it before; "" none
    OperationId operation;     ///< the latest of this rollout on it
    std::string gateDetail;    ///< the latest answer of its gate
    std::string phoneHomeHash; ///< SHA-256 of its one-time phone-home token; "" none
    std::optional<UtcTime> phonedHomeAt;
    std::optional<UtcTime> gateDeadline; ///< until when the gate may say wait
    UtcTime runAt{};                     ///< not looked at before
    std::optional<UtcTime> startedAt;
    std::optional<UtcTime> finishedAt;
};

/// How many nodes of a rollout are where.
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

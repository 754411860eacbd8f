#pragma once
#include "common/model/clock.h"
#include "common/model/fleet/rollout.h"
#include "common/model/ids.h"
#include "common/text/json_text.h"
#include "common/text/sealed_text.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bm::model {

using ScheduleId = Id<struct ScheduleTag>;
using ScheduleRunId = Id<struct ScheduleRunTag>;

/// The policy for due times at which bmd was down: no run, or one run for the latest of them.
enum class MissedRule : std::uint8_t { Skip, Once };
/// The policy for a due time during the previous run: skip it, wait for the run's end, or abort the run.
enum class OverlapRule : std::uint8_t { Skip, Queue, Replace };
/// Pending: without a rollout yet (it waits for the previous run, or bmd was killed at this point).
/// Running: its rollout is open. Done: every node is done or needed nothing. Partly: some nodes failed, some
/// are done. Failed: none is done, or the rollout could not be made. Skipped: no rollout, and why.
enum class ScheduleRunState : std::uint8_t { Pending, Running, Done, Partly, Failed, Skipped, Aborted };
/// The cause of a run.
enum class ScheduleTrigger : std::uint8_t { Due, Missed, Manual };

std::string_view toText(MissedRule rule) noexcept;
std::string_view toText(OverlapRule rule) noexcept;
std::string_view toText(ScheduleRunState state) noexcept;
std::string_view toText(ScheduleTrigger trigger) noexcept;
std::optional<MissedRule> missedRuleFromText(std::string_view text) noexcept;
std::optional<OverlapRule> overlapRuleFromText(std::string_view text) noexcept;
std::optional<ScheduleRunState> scheduleRunStateFromText(std::string_view text) noexcept;
std::optional<ScheduleTrigger> scheduleTriggerFromText(std::string_view text) noexcept;

/// A plan to start a rollout repeatedly (cron) or once (at), by the clock of a time zone.
struct Schedule {
    ScheduleId id;
    std::string name;          ///< unique; what operators type
    std::string cron;          ///< five fields or @daily ...; "": a one-shot
    std::optional<UtcTime> at; ///< of a one-shot
    std::string zone = "UTC";  ///< of the tz database
    std::string image;         ///< "render:stable": each run resolves it at its start
    JsonText rollout{};        ///< the body of POST /v1/rollouts, with the image and without deploy
    SealedText deploySealed;   ///< its deploy, which may hold secrets; "" none
    std::optional<std::chrono::milliseconds> window; ///< after the due time, in which nodes may begin
    JsonText maintenance{"[]"}; ///< ["mon-fri 22:00-06:00"]: local times at which a run may begin
    JsonText blackout{"[]"};    ///< ["2026-12-24..2027-01-02"]: local dates without runs
    MissedRule missed = MissedRule::Skip;
    OverlapRule overlap = OverlapRule::Skip;
    bool paused = false;
    std::optional<UtcTime> nextDueAt; ///< nothing: no further run
    std::string actor;                ///< user name
    UtcTime createdAt{};
    UtcTime updatedAt{};
    std::int64_t version = 0; ///< rises with each change by an operator
};

/// The run of a schedule at one due time. Unique by schedule and due time.
struct ScheduleRun {
    ScheduleRunId id;
    ScheduleId schedule;
    UtcTime dueAt{};
    ScheduleTrigger trigger = ScheduleTrigger::Due;
    ScheduleRunState state = ScheduleRunState::Pending;
    RolloutId rollout; ///< empty: none was made
    std::string rolloutName;
    std::string image;     ///< the schedule's at the start: "render:stable"
    std::string imageName; ///< the image of that name at the start
    ImageId imageId;
    std::string reasonCode; ///< kebab-case: why skipped, failed or waiting; "" else
    std::string reason;
    std::string hint;
    std::string actor; ///< user name of a manual run; "" the clock
    std::optional<UtcTime> startedAt;
    std::optional<UtcTime> finishedAt;
    std::int64_t total = 0; ///< nodes of the rollout
    std::int64_t done = 0;
    std::int64_t failed = 0;
    std::int64_t skipped = 0;
};

} // namespace bm::model

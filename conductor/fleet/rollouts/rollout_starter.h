#pragma once
#include "common/model/fleet/rollout.h"
#include "common/model/fleet/schedule.h"
#include "conductor/core/context.h"

#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace bm::conductor::fleet {

class FleetView;
class Rollouts;

/// The outcome of a run's rollout.
struct RolloutOutcome {
    model::RolloutState state = model::RolloutState::Running;
    model::RolloutCounts counts{};
    std::string reason;
    std::string hint;
};

/// The reason for making no rollout, which is no failure: no node matches, or none needs the image.
struct NothingToDo {
    std::string reason;
    std::string hint;
};

/// Starts and follows rollouts for the scheduler. Calls inside a Database::write are part of its transaction,
/// so that a rollout and the run that made it are stored together or not at all.
class RolloutStarter {
public:
    virtual ~RolloutStarter() = default;
    /// Drops the view of the fleet that several starts share: when a transaction begins, and after the last.
    virtual void forgetFleet() {}
    /// Makes and starts the rollout of a run.
    /// @param body  of POST /v1/rollouts @throws Error as Rollouts::create
    virtual std::variant<model::Rollout, NothingToDo> start(const std::string& body, const std::string& actor,
                                                            const model::ScheduleRunId& run) = 0;
    /// Nothing when it was deleted.
    virtual std::optional<RolloutOutcome> outcomeOf(db::Transaction& tx, const model::RolloutId& rollout) = 0;
    /// Does nothing when it has ended.
    virtual void abort(const model::RolloutId& rollout, const std::string& reason,
                       const std::string& actor) = 0;
};

/// Starts rollouts by class Rollouts.
class RolloutLauncher final : public RolloutStarter {
public:
    RolloutLauncher(Context context, Rollouts& rollouts);
    ~RolloutLauncher() override;
    void forgetFleet() override;
    std::variant<model::Rollout, NothingToDo> start(const std::string& body, const std::string& actor,
                                                    const model::ScheduleRunId& run) override;
    std::optional<RolloutOutcome> outcomeOf(db::Transaction& tx, const model::RolloutId& rollout) override;
    void abort(const model::RolloutId& rollout, const std::string& reason, const std::string& actor) override;

private:
    Context context_;
    Rollouts& rollouts_;
    std::unique_ptr<FleetView> view_; ///< of this batch; thousands of runs read it before they plan
};

} // namespace bm::conductor::fleet

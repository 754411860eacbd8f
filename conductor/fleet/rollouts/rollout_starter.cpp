#include "conductor/fleet/rollouts/rollout_starter.h"

#include "common/model/error.h"
#include "conductor/fleet/rollouts/rollouts.h"
#include "conductor/fleet/selection/planner.h"
#include "conductor/fleet/selection/selection.h"
#include "db/repositories/rollout_repository.h"

#include <algorithm>

namespace bm::conductor::fleet {

RolloutLauncher::RolloutLauncher(Context context, Rollouts& rollouts)
    : context_(std::move(context)), rollouts_(rollouts)
{}

RolloutLauncher::~RolloutLauncher() = default;

void RolloutLauncher::forgetFleet()
{
    view_.reset();
}

namespace {

/// Why @p request selects no node; nothing when it selects some, or is wrong otherwise.
std::optional<NothingToDo> noMatch(db::Transaction& tx, const FleetView& view, RolloutRequest request)
{
    request.all = true; // the check of `all` is elsewhere
    try {
        view.select(tx, request);
        return std::nullopt;
    } catch (const model::Error& error) {
        if (error.code() != model::ErrorCode::InvalidInput)
            return std::nullopt;
        return NothingToDo{error.message(), error.hint()};
    }
}

/// True if a plan is refused only because none of its nodes needs the image.
bool allHaveIt(db::Transaction& tx, const Context& context, const RolloutRequest& request)
{
    try {
        const Plan plan = makePlan(tx, context, request);
        return std::all_of(plan.nodes.begin(), plan.nodes.end(), [](const model::RolloutNode& node) {
            return node.verdict == model::PlanVerdict::Skip;
        });
    } catch (const model::Error&) {
        return false;
    }
}

} // namespace

std::variant<model::Rollout, NothingToDo>
RolloutLauncher::start(const std::string& body, const std::string& actor, const model::ScheduleRunId& run)
{
    const RolloutRequest request = rolloutRequestFrom(body);
    const auto nothing = context_.database.read([&](db::Transaction& tx) {
        if (!view_)
            view_ = std::make_unique<FleetView>(tx, context_.clock.now());
        return noMatch(tx, *view_, request);
    });
    if (nothing)
        return *nothing;
    try {
        return rollouts_.create(request, actor, run.uuid);
    } catch (const model::Error& error) {
        if (!context_.database.read([&](db::Transaction& tx) { return allHaveIt(tx, context_, request); }))
            throw;
        return NothingToDo{error.message(), error.hint()};
    }
}

std::optional<RolloutOutcome> RolloutLauncher::outcomeOf(db::Transaction& tx, const model::RolloutId& rollout)
{
    const db::RolloutRepository repository;
    const std::optional<model::Rollout> found = repository.find(tx, rollout);
    if (!found)
        return std::nullopt;
    RolloutOutcome outcome{found->state, {}, found->reason, found->hint};
    if (!model::isOpen(found->state))
        outcome.counts = repository.counts(tx, rollout);
    return outcome;
}

void RolloutLauncher::abort(const model::RolloutId& rollout, const std::string& reason,
                            const std::string& actor)
{
    try {
        rollouts_.abort(rollout.uuid, reason, actor);
    } catch (const model::Error& error) {
        if (error.code() != model::ErrorCode::Conflict && error.code() != model::ErrorCode::NotFound)
            throw;
    }
}

} // namespace bm::conductor::fleet

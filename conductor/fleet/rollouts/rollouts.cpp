#include "conductor/fleet/rollouts/rollouts.h"

#include "common/model/error.h"
#include "common/platform/secrets.h"
#include "common/wire/json/json_input.h"
#include "common/wire/json/stored_json.h"
#include "conductor/core/seal_places.h"
#include "conductor/fleet/rollouts/rollout_controller.h"
#include "conductor/fleet/rollouts/rollout_events.h"
#include "conductor/fleet/rollouts/rollout_progress.h"
#include "conductor/fleet/selection/planner.h"
#include "db/repositories/rollout_repository.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace bm::conductor::fleet {

using model::Error;
using model::ErrorCode;
using model::Rollout;
using model::RolloutNode;
using model::RolloutState;
using State = model::RolloutNodeState;

struct Rollouts::State {
    State(Context given, platform::Exec& exec, RolloutSettings wanted)
        : context(std::move(given)), controller(context, exec, std::move(wanted))
    {}
    Context context;
    RolloutController controller;

    Rollout change(const std::string& ident, const std::function<void(db::Transaction&, Rollout&)>& what);
    void startNodes(db::Transaction& tx, Rollout& rollout) const;
};

namespace {

Rollout findRollout(db::Transaction& tx, const std::string& ident)
{
    const db::RolloutRepository rollouts;
    std::optional<Rollout> rollout = rollouts.findByName(tx, ident);
    if (!rollout && model::isUuid(ident))
        rollout = rollouts.find(tx, model::RolloutId{ident});
    if (!rollout)
        throw Error(ErrorCode::NotFound, "there is no rollout \"" + ident.substr(0, 80) + "\"",
                    "bm rollout list");
    return *rollout;
}

std::string freeName(db::Transaction& tx, const RolloutRequest& request)
{
    const db::RolloutRepository rollouts;
    if (!request.name.empty()) {
        if (rollouts.findByName(tx, request.name))
            throw Error(ErrorCode::Conflict, "a rollout named \"" + request.name + "\" already exists",
                        "leave the name out: bmd then makes one");
        return request.name;
    }
    std::string base = request.image;
    std::replace(base.begin(), base.end(), ':', '-');
    for (;;)
        if (std::string name = fmt::format("{}-{}", base, rollouts.nextNumber(tx));
            !rollouts.findByName(tx, name))
            return name;
}

/// The first differences between the stored plan and a new one.
std::string differences(const std::vector<RolloutNode>& before, const std::vector<RolloutNode>& after)
{
    std::map<std::string, std::string> was;
    for (const RolloutNode& row : before)
        was[row.nodeName] =
            std::string(model::toText(row.verdict)) + (row.reason.empty() ? "" : " (" + row.reason + ")");
    std::vector<std::string> parts;
    for (const RolloutNode& row : after) {
        const std::string now =
            std::string(model::toText(row.verdict)) + (row.reason.empty() ? "" : " (" + row.reason + ")");
        const auto found = was.find(row.nodeName);
        if (found == was.end())
            parts.push_back(row.nodeName + ": new, " + now);
        else if (found->second != now)
            parts.push_back(row.nodeName + ": " + found->second + " -> " + now);
        was.erase(row.nodeName);
    }
    for (const auto& [name, verdict] : was)
        parts.push_back(name + ": gone");
    constexpr std::size_t kShown = 5;
    const std::size_t more = parts.size() > kShown ? parts.size() - kShown : 0;
    parts.resize(parts.size() - more);
    if (parts.empty())
        return "the image's content";
    return fmt::format("{}{}", fmt::join(parts, "; "), more > 0 ? fmt::format("; and {} more", more) : "");
}

void requireSomething(const Plan& plan)
{
    const auto writes = std::count_if(plan.nodes.begin(), plan.nodes.end(), [](const RolloutNode& row) {
        return row.verdict == model::PlanVerdict::Write;
    });
    if (writes > 0)
        return;
    std::map<std::string, int> reasons;
    for (const RolloutNode& row : plan.nodes)
        ++reasons[row.reason];
    std::vector<std::string> parts;
    parts.reserve(reasons.size());
    for (const auto& [reason, number] : reasons)
        parts.push_back(fmt::format("{} {}", number, reason));
    parts.resize(std::min<std::size_t>(parts.size(), 5));
    throw Error(ErrorCode::Conflict,
                fmt::format("none of the {} selected nodes would be written", plan.nodes.size()),
                fmt::format("{}; --plan shows each", fmt::join(parts, ", ")));
}

void requirePlanned(const Rollout& rollout)
{
    if (rollout.state != RolloutState::Planned)
        throw Error(ErrorCode::Conflict,
                    fmt::format("rollout {} was started already, by {}; it is {}", rollout.name,
                                rollout.actor, model::toText(rollout.state)),
                    "bm rollout show " + rollout.name);
}

[[noreturn]] void refuseState(const Rollout& rollout, std::string_view verb, std::string_view hint)
{
    throw Error(
        ErrorCode::Conflict,
        fmt::format("rollout {} is {}: it cannot be {}", rollout.name, model::toText(rollout.state), verb),
        std::string(hint));
}

} // namespace

Rollouts::Rollouts(Context context, platform::Exec& exec, RolloutSettings settings)
    : state_(std::make_unique<State>(std::move(context), exec, std::move(settings)))
{}

Rollouts::~Rollouts()
{
    stop();
}

Rollout Rollouts::State::change(const std::string& ident,
                                const std::function<void(db::Transaction&, Rollout&)>& what)
{
    return context.database.write([&](db::Transaction& tx) {
        Rollout rollout = findRollout(tx, ident);
        what(tx, rollout);
        tx.afterCommit([this] { controller.wake(); });
        return db::RolloutRepository{}.update(tx, rollout);
    });
}

void Rollouts::State::startNodes(db::Transaction& tx, Rollout& rollout) const
{
    rollout.state = RolloutState::Running;
    rollout.startedAt = context.clock.now();
    try {
        db::RolloutRepository{}.moveAll(tx, rollout.id, fleet::State::Planned, fleet::State::Pending, "", "",
                                        *rollout.startedAt);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::Conflict)
            throw;
        throw Error(ErrorCode::Conflict, "a selected node was added to another rollout in the meantime",
                    "bm rollout list; plan it again");
    }
    recordRolloutEvent(tx, *rollout.startedAt, rollout, model::EventKind::RolloutStarted,
                       "by " + rollout.actor);
}

Rollout Rollouts::create(const RolloutRequest& request, const std::string& actor,
                         const std::string& scheduleRun)
{
    const Context& context = state_->context;
    // Planned in a read transaction, so that a large fleet does not block the writer; begin() checks again.
    Plan plan = context.database.read([&](db::Transaction& tx) { return makePlan(tx, context, request); });
    if (!request.planOnly)
        requireSomething(plan);
    return context.database.write([&](db::Transaction& tx) {
        Rollout rollout;
        rollout.id = model::RolloutId::make();
        rollout.name = freeName(tx, request);
        rollout.request = request.body;
        refuseOversize<Rollout>(rollout, nullptr);
        nlohmann::json stored = wire::valueOf(request.body);
        if (!request.deployBody.empty())
            stored["deploy_sealed"] =
                context.secrets.seal(rolloutDeployPlace(rollout.id), request.deployBody).text;
        rollout.request = wire::canonical(stored);
        rollout.imageWanted = request.image;
        rollout.image = plan.image.id;
        rollout.imageName = plan.image.name;
        rollout.contentId = plan.image.contentId;
        rollout.actor = actor;
        rollout.fingerprint = plan.fingerprint;
        rollout.scheduleRun = scheduleRun;
        rollout.createdAt = context.clock.now();
        for (RolloutNode& row : plan.nodes) {
            row.rollout = rollout.id;
            row.runAt = rollout.createdAt;
            if (model::hasEnded(row.state))
                row.finishedAt = rollout.createdAt;
        }
        db::RolloutRepository{}.insert(tx, rollout, plan.nodes);
        recordRolloutEvent(tx, rollout.createdAt, rollout, model::EventKind::RolloutPlanned,
                           fmt::format("{} on {} nodes, by {}", rollout.imageName, plan.nodes.size(), actor));
        if (!request.planOnly) {
            state_->startNodes(tx, rollout);
            rollout = db::RolloutRepository{}.update(tx, rollout);
        }
        tx.afterCommit([this] { state_->controller.wake(); });
        return rollout;
    });
}

Rollout Rollouts::start(const std::string& ident, const std::string& actor)
{
    const Context& context = state_->context;
    const Plan plan = context.database.read([&](db::Transaction& tx) {
        const Rollout rollout = findRollout(tx, ident);
        requirePlanned(rollout);
        return makePlan(tx, context, storedRequest(context, rollout));
    });
    return state_->change(ident, [&](db::Transaction& tx, Rollout& rollout) {
        requirePlanned(rollout);
        if (plan.fingerprint != rollout.fingerprint)
            throw Error(ErrorCode::Conflict,
                        "the fleet has changed since rollout " + rollout.name + " was planned: " +
                            differences(db::RolloutRepository{}.nodes(tx, rollout.id), plan.nodes),
                        "plan it again: bm provision ... --plan");
        requireSomething(plan);
        rollout.actor = actor;
        state_->startNodes(tx, rollout);
    });
}

Rollout Rollouts::pause(const std::string& ident, const std::string& reason, const std::string& actor)
{
    return state_->change(ident, [&](db::Transaction& tx, Rollout& rollout) {
        if (rollout.state == RolloutState::Paused)
            return;
        if (rollout.state != RolloutState::Running)
            refuseState(rollout, "paused", "only a running one can");
        rollout.state = RolloutState::Paused;
        rollout.reason = "paused by " + actor + (reason.empty() ? "" : ": " + reason);
        rollout.hint = "bm rollout resume " + rollout.name;
        recordRolloutEvent(tx, state_->context.clock.now(), rollout, model::EventKind::RolloutPaused,
                           rollout.reason);
    });
}

Rollout Rollouts::resume(const std::string& ident, const std::string& actor)
{
    return state_->change(ident, [&](db::Transaction& tx, Rollout& rollout) {
        if (rollout.state == RolloutState::Running)
            return;
        if (rollout.state != RolloutState::Paused)
            refuseState(rollout, "resumed",
                        "bm rollout retry takes the failed nodes of an ended one once more");
        rollout.state = RolloutState::Running;
        rollout.acceptedFailures = db::RolloutRepository{}.counts(tx, rollout.id).failed;
        rollout.reason.clear();
        rollout.hint.clear();
        recordRolloutEvent(tx, state_->context.clock.now(), rollout, model::EventKind::RolloutResumed,
                           "by " + actor);
    });
}

Rollout Rollouts::abort(const std::string& ident, const std::string& reason, const std::string& actor)
{
    return state_->change(ident, [&](db::Transaction& tx, Rollout& rollout) {
        const model::UtcTime now = state_->context.clock.now();
        if (rollout.state == RolloutState::Aborting)
            return;
        const std::string why = "aborted by " + actor + (reason.empty() ? "" : ": " + reason);
        if (rollout.state == RolloutState::Planned) {
            db::RolloutRepository{}.moveAll(tx, rollout.id, fleet::State::Planned, fleet::State::Aborted,
                                            "aborted", "not begun", now);
            rollout.state = RolloutState::Aborted;
            rollout.finishedAt = now;
        } else if (model::isOpen(rollout.state)) {
            rollout.state = RolloutState::Aborting;
        } else {
            refuseState(rollout, "aborted", "it has ended");
        }
        rollout.reason = why;
        rollout.hint.clear();
        recordRolloutEvent(tx, now, rollout, model::EventKind::RolloutAborting, why);
    });
}

Rollout Rollouts::retry(const std::string& ident, const std::vector<std::string>& nodes,
                        const std::string& actor)
{
    return state_->change(ident, [&](db::Transaction& tx, Rollout& rollout) {
        if (rollout.state == RolloutState::Planned || rollout.state == RolloutState::Aborting)
            refuseState(rollout, "retried", "bm rollout show " + rollout.name);
        const db::RolloutRepository rollouts;
        const model::UtcTime now = state_->context.clock.now();
        std::set<std::string> wanted(nodes.begin(), nodes.end());
        std::int64_t again = 0;
        for (RolloutNode& row : rollouts.nodes(tx, rollout.id)) {
            const bool named = wanted.erase(row.nodeName) + wanted.erase(row.node.uuid) > 0;
            if ((row.state != fleet::State::Failed && row.state != fleet::State::Aborted) ||
                (!nodes.empty() && !named))
                continue;
            row.state = fleet::State::Pending;
            row.attempts = 0;
            row.drained = false;
            row.runAt = now;
            row.finishedAt.reset();
            rollouts.updateNode(tx, row);
            ++again;
        }
        if (!wanted.empty())
            throw Error(ErrorCode::NotFound, "node " + *wanted.begin() + " is not in rollout " + rollout.name,
                        "bm rollout show " + rollout.name);
        if (again == 0)
            throw Error(ErrorCode::Conflict,
                        "no node of rollout " + rollout.name + " has failed or was aborted",
                        "bm rollout show " + rollout.name);
        rollout.state = RolloutState::Running;
        rollout.finishedAt.reset();
        rollout.acceptedFailures = rollouts.counts(tx, rollout.id).failed;
        rollout.reason.clear();
        rollout.hint.clear();
        recordRolloutEvent(tx, now, rollout, model::EventKind::RolloutRetried,
                           fmt::format("{} nodes once more, by {}", again, actor));
    });
}

void Rollouts::remove(const std::string& ident, const std::string& actor)
{
    state_->context.database.write([&](db::Transaction& tx) {
        const Rollout rollout = findRollout(tx, ident);
        if (model::isOpen(rollout.state))
            refuseState(rollout, "deleted", "bm rollout abort " + rollout.name);
        recordRolloutEvent(tx, state_->context.clock.now(), rollout, model::EventKind::RolloutDeleted,
                           rollout.name + " by " + actor);
        db::RolloutRepository{}.remove(tx, rollout.id);
    });
}

Rollout Rollouts::get(const std::string& ident) const
{
    return state_->context.database.read([&](db::Transaction& tx) { return findRollout(tx, ident); });
}

std::vector<Rollout> Rollouts::list(std::optional<RolloutState> state, std::size_t limit,
                                    const std::string& beforeName) const
{
    return state_->context.database.read(
        [&](db::Transaction& tx) { return db::RolloutRepository{}.list(tx, state, limit, beforeName); });
}

RolloutProgress Rollouts::progress(const Rollout& rollout) const
{
    const RolloutRequest request = storedRequest(state_->context, rollout);
    return state_->context.database.read(
        [&](db::Transaction& tx) { return progressOf(tx, state_->context, rollout, request); });
}

std::vector<RolloutNodeView> Rollouts::nodes(const Rollout& rollout) const
{
    return state_->context.database.read(
        [&](db::Transaction& tx) { return viewsOf(tx, state_->context.clock.now(), rollout); });
}

void Rollouts::phonedHome(const std::string& token, const std::string& peerAddress)
{
    state_->context.database.write([&](db::Transaction& tx) {
        const db::RolloutRepository rollouts;
        std::optional<RolloutNode> row = rollouts.findByPhoneHome(tx, platform::sha256Hex(token));
        if (!row)
            throw Error(ErrorCode::NotFound, "this phone-home URL was already used or has expired");
        const model::UtcTime now = state_->context.clock.now();
        row->phonedHomeAt = now;
        row->gateDetail = "phoned home from " + peerAddress;
        rollouts.updateNode(tx, *row);
        recordRolloutEvent(tx, now, *rollouts.find(tx, row->rollout), model::EventKind::RolloutNodePhonedHome,
                           row->gateDetail, "{}", row->node);
        tx.afterCommit([this] { state_->controller.wake(); });
    });
}

void Rollouts::start()
{
    state_->controller.start();
}
void Rollouts::stop()
{
    state_->controller.stop();
}
bool Rollouts::runOnce()
{
    return state_->controller.runOnce();
}

} // namespace bm::conductor::fleet

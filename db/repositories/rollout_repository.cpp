#include "db/repositories/rollout_repository.h"

#include "common/model/error.h"
#include "db/engine/table.h"

namespace bm::db {
namespace {

using model::Error;
using model::ErrorCode;
using model::Rollout;
using model::RolloutNode;

const Table<Rollout>& rollouts()
{
    static const Table<Rollout> table("rollouts", {
                                                      column<&Rollout::id>("uuid"),
                                                      column<&Rollout::name>("name"),
                                                      column<&Rollout::state>("state"),
                                                      column<&Rollout::request>("request"),
                                                      column<&Rollout::imageWanted>("image_wanted"),
                                                      column<&Rollout::image>("image_uuid"),
                                                      column<&Rollout::imageName>("image_name"),
                                                      column<&Rollout::contentId>("content_id"),
                                                      column<&Rollout::actor>("actor"),
                                                      column<&Rollout::reason>("reason"),
                                                      column<&Rollout::hint>("hint"),
                                                      column<&Rollout::fingerprint>("fingerprint"),
                                                      column<&Rollout::acceptedFailures>("accepted_failures"),
                                                      column<&Rollout::wave>("wave"),
                                                      column<&Rollout::scheduleRun>("schedule_run"),
                                                      column<&Rollout::createdAt>("created_at"),
                                                      column<&Rollout::startedAt>("started_at"),
                                                      column<&Rollout::finishedAt>("finished_at"),
                                                      column<&Rollout::version>("version"),
                                                  });
    return table;
}

const Table<RolloutNode>& rolloutNodes()
{
    static const Table<RolloutNode> table("rollout_nodes",
                                          {
                                              column<&RolloutNode::uuid>("uuid"),
                                              column<&RolloutNode::rollout>("rollout_uuid"),
                                              column<&RolloutNode::node>("node_uuid"),
                                              column<&RolloutNode::nodeName>("node_name"),
                                              column<&RolloutNode::rack>("rack"),
                                              column<&RolloutNode::position>("position"),
                                              column<&RolloutNode::wave>("wave"),
                                              column<&RolloutNode::verdict>("verdict"),
                                              column<&RolloutNode::state>("state"),
                                              column<&RolloutNode::reasonCode>("reason_code"),
                                              column<&RolloutNode::reason>("reason"),
                                              column<&RolloutNode::hint>("hint"),
                                              column<&RolloutNode::attempts>("attempts"),
                                              column<&RolloutNode::drained>("drained"),
                                              column<&RolloutNode::previousImage>("previous_image"),
                                              column<&RolloutNode::operation>("operation_uuid"),
                                              column<&RolloutNode::gateDetail>("gate_detail"),
                                              column<&RolloutNode::phoneHomeHash>("phone_home_hash"),
                                              column<&RolloutNode::phonedHomeAt>("phoned_home_at"),
                                              column<&RolloutNode::gateDeadline>("gate_deadline"),
                                              column<&RolloutNode::runAt>("run_at"),
                                              column<&RolloutNode::startedAt>("started_at"),
                                              column<&RolloutNode::finishedAt>("finished_at"),
                                          });
    return table;
}

std::int64_t rolloutNumberOf(Transaction& tx, std::string_view sql, const std::vector<Value>& parameters)
{
    return integerOf(tx.query(sql, parameters).at(0).at(0));
}

void add(model::RolloutCounts& counts, model::RolloutNodeState state, std::int64_t number)
{
    counts.total += number;
    switch (state) {
    case model::RolloutNodeState::Planned:
    case model::RolloutNodeState::Pending:
    case model::RolloutNodeState::Retrying:
        counts.pending += number;
        return;
    case model::RolloutNodeState::Draining:
    case model::RolloutNodeState::Working:
    case model::RolloutNodeState::Checking:
    case model::RolloutNodeState::Restoring:
        counts.working += number;
        return;
    case model::RolloutNodeState::Done:
        counts.done += number;
        return;
    case model::RolloutNodeState::Failed:
        counts.failed += number;
        return;
    case model::RolloutNodeState::Skipped:
        counts.skipped += number;
        return;
    case model::RolloutNodeState::Aborted:
        counts.aborted += number;
        return;
    }
}

} // namespace

void RolloutRepository::insert(Transaction& tx, const Rollout& rollout,
                               const std::vector<RolloutNode>& nodes) const
{
    rollouts().insert(tx, rollout);
    for (const RolloutNode& node : nodes)
        rolloutNodes().insert(tx, node);
}

Rollout RolloutRepository::update(Transaction& tx, Rollout rollout) const
{
    const std::int64_t expected = rollout.version++;
    if (rollouts().updateIf(tx, rollout, "version", expected) == 0)
        throw Error(ErrorCode::Conflict, "another request has changed rollout " + rollout.name,
                    "read it and repeat the change: bm rollout show " + rollout.name);
    return rollout;
}

void RolloutRepository::updateNode(Transaction& tx, const RolloutNode& node) const
{
    if (rolloutNodes().update(tx, node) == 0)
        throw Error(ErrorCode::NotFound, "node " + node.nodeName + " is no longer in the rollout");
}

std::optional<Rollout> RolloutRepository::find(Transaction& tx, const model::RolloutId& id) const
{
    return rollouts().byKey(tx, id.uuid);
}

std::optional<Rollout> RolloutRepository::findByName(Transaction& tx, const std::string& name) const
{
    return rollouts().first(tx, "where name = $1", {name});
}

std::vector<Rollout> RolloutRepository::list(Transaction& tx, std::optional<model::RolloutState> state,
                                             std::size_t limit, const std::string& beforeName) const
{
    return rollouts().find(tx,
                           "where ($1 = '' or state = $1) and ($2 = '' or number < (select number from "
                           "rollouts where name = $2)) order by number desc limit $3",
                           {state ? store(*state) : Value{std::string{}}, beforeName, store(limit)});
}

std::vector<Rollout> RolloutRepository::open(Transaction& tx) const
{
    return rollouts().find(tx, "where state in ('running', 'paused', 'aborting') order by number");
}

std::int64_t RolloutRepository::nextNumber(Transaction& tx) const
{
    return tx.nextNumber("rollout_names");
}

std::int64_t RolloutRepository::count(Transaction& tx) const
{
    return rolloutNumberOf(tx, "select coalesce(max(number), 0) from rollouts", {});
}

std::vector<RolloutNode> RolloutRepository::nodes(Transaction& tx, const model::RolloutId& rollout,
                                                  std::optional<model::RolloutNodeState> state) const
{
    if (state)
        return rolloutNodes().find(tx, "where rollout_uuid = $1 and state = $2 order by position",
                                   {rollout.uuid, store(*state)});
    return rolloutNodes().find(tx, "where rollout_uuid = $1 order by position", {rollout.uuid});
}

std::vector<RolloutNode> RolloutRepository::atWork(Transaction& tx, const model::RolloutId& rollout) const
{
    return rolloutNodes().find(tx,
                               "where rollout_uuid = $1 and state in ('draining', 'working', 'checking', "
                               "'retrying', 'restoring') order by position",
                               {rollout.uuid});
}

std::vector<RolloutNode> RolloutRepository::pending(Transaction& tx, const model::RolloutId& rollout,
                                                    std::int32_t wave, std::size_t limit) const
{
    return rolloutNodes().find(
        tx, "where rollout_uuid = $1 and state = 'pending' and wave <= $2 order by position limit $3",
        {rollout.uuid, store(wave), store(limit)});
}

std::optional<RolloutNode> RolloutRepository::findNode(Transaction& tx, const std::string& uuid) const
{
    return rolloutNodes().byKey(tx, uuid);
}

std::optional<RolloutNode> RolloutRepository::findByPhoneHome(Transaction& tx, const std::string& hash) const
{
    if (hash.empty())
        return std::nullopt;
    return rolloutNodes().first(tx, "where phone_home_hash = $1", {hash});
}

model::RolloutCounts RolloutRepository::counts(Transaction& tx, const model::RolloutId& rollout) const
{
    model::RolloutCounts counts;
    for (Row& row :
         tx.query("select state, count(*) from rollout_nodes where rollout_uuid = $1 group by state",
                  {rollout.uuid})) {
        model::RolloutNodeState state{};
        load(row.at(0), state);
        add(counts, state, integerOf(row.at(1)));
    }
    return counts;
}

std::int64_t RolloutRepository::unfinishedUpTo(Transaction& tx, const model::RolloutId& rollout,
                                               std::int32_t wave) const
{
    return rolloutNumberOf(
        tx,
        "select count(*) from rollout_nodes where rollout_uuid = $1 and wave <= $2 and state not in "
        "('done', 'failed', 'skipped', 'aborted')",
        {rollout.uuid, store(wave)});
}

std::int64_t RolloutRepository::failedIn(Transaction& tx, const model::RolloutId& rollout,
                                         std::int32_t wave) const
{
    return rolloutNumberOf(
        tx, "select count(*) from rollout_nodes where rollout_uuid = $1 and wave = $2 and state = 'failed'",
        {rollout.uuid, store(wave)});
}

std::int64_t RolloutRepository::moveAll(Transaction& tx, const model::RolloutId& rollout,
                                        model::RolloutNodeState from, model::RolloutNodeState to,
                                        const std::string& reasonCode, const std::string& reason,
                                        model::UtcTime at) const
{
    const bool ended = model::hasEnded(to);
    return tx.execute("update rollout_nodes set state = $3, reason_code = $4, reason = $5, run_at = $6, "
                      "finished_at = case when $7 = 1 then $6 else finished_at end "
                      "where rollout_uuid = $1 and state = $2",
                      {rollout.uuid, store(from), store(to), reasonCode, reason, store(at), store(ended)});
}

std::vector<std::pair<std::int32_t, std::int64_t>>
RolloutRepository::unfinishedByWave(Transaction& tx, const model::RolloutId& rollout) const
{
    std::vector<std::pair<std::int32_t, std::int64_t>> waves;
    for (Row& row :
         tx.query("select wave, count(*) from rollout_nodes where rollout_uuid = $1 and state not in "
                  "('done', 'failed', 'skipped', 'aborted') group by wave order by wave",
                  {rollout.uuid}))
        waves.emplace_back(static_cast<std::int32_t>(integerOf(row.at(0))), integerOf(row.at(1)));
    return waves;
}

std::int64_t RolloutRepository::toWrite(Transaction& tx, const model::RolloutId& rollout) const
{
    return rolloutNumberOf(tx,
                           "select count(*) from rollout_nodes where rollout_uuid = $1 and verdict = 'write'",
                           {rollout.uuid});
}

std::int32_t RolloutRepository::lastWave(Transaction& tx, const model::RolloutId& rollout) const
{
    return static_cast<std::int32_t>(rolloutNumberOf(
        tx, "select coalesce(max(wave), 0) from rollout_nodes where rollout_uuid = $1", {rollout.uuid}));
}

std::map<std::string, RolloutRepository::RunningStep>
RolloutRepository::runningSteps(Transaction& tx, const model::RolloutId& rollout) const
{
    std::map<std::string, RunningStep> steps;
    for (Row& row : tx.query(
             "select o.node_uuid, s.name, s.bytes_done, s.bytes_total, s.started_at from operations o join "
             "steps s on s.operation_uuid = o.uuid where o.rollout_uuid = $1 and o.state in ('queued', "
             "'running') and s.state in ('running', 'waiting')",
             {rollout.uuid})) {
        RunningStep step{moveText(row.at(1)), integerOf(row.at(2)), integerOf(row.at(3)), {}};
        load(row.at(4), step.startedAt);
        steps.insert_or_assign(moveText(row.at(0)), std::move(step));
    }
    return steps;
}

void RolloutRepository::remove(Transaction& tx, const model::RolloutId& rollout) const
{
    rollouts().remove(tx, rollout.uuid);
}

std::map<std::string, std::string> RolloutRepository::taken(Transaction& tx) const
{
    std::map<std::string, std::string> taken;
    for (Row& row : tx.query(
             "select n.node_uuid, r.name from rollout_nodes n join rollouts r on r.uuid = n.rollout_uuid "
             "where n.state in ('pending', 'draining', 'working', 'checking', 'retrying', 'restoring')",
             {}))
        taken.emplace(moveText(row.at(0)), moveText(row.at(1)));
    return taken;
}

} // namespace bm::db

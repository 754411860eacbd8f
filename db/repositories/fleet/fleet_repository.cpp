#include "db/repositories/fleet/fleet_repository.h"

#include "db/engine/values.h"
#include "db/repositories/repositories.h"

#include <nlohmann/json.hpp>

namespace bm::db {
namespace {

constexpr std::int64_t kLookedAt = 5000; // limit of deployments to search for those of one image

std::vector<NamedOperation> named(Transaction& tx, std::string_view tail,
                                  const std::vector<Value>& parameters)
{
    std::vector<NamedOperation> found;
    for (Row& row : tx.query("select o.uuid, n.name from operations o join nodes n on n.uuid = o.node_uuid " +
                                 std::string(tail),
                             parameters)) {
        std::optional<model::Operation> operation =
            OperationRepository{}.find(tx, model::OperationId{moveText(row.at(0))});
        if (operation)
            found.push_back({std::move(*operation), moveText(row.at(1))});
    }
    return found;
}

bool isOf(const std::string& request, const std::string& image)
{
    if (image.empty())
        return true;
    const nlohmann::json asked = nlohmann::json::parse(request, nullptr, false);
    return asked.is_object() && (asked.value("image", "") == image || asked.value("image_id", "") == image);
}

std::vector<StepSpan> stepsOf(Transaction& tx, const std::string& operation)
{
    std::vector<StepSpan> spans;
    for (Row& row : tx.query("select name, finished_at - started_at from steps where operation_uuid = $1 and "
                             "started_at is not null and finished_at is not null order by position",
                             {operation}))
        spans.push_back({moveText(row.at(0)), integerOf(row.at(1))});
    return spans;
}

} // namespace

std::vector<StateCount> FleetRepository::countStates(Transaction& tx) const
{
    std::vector<StateCount> counts;
    for (Row& row :
         tx.query("select provision_state, count(*), cast(sum(maintenance) as bigint), cast(sum(case when "
                  "power_state = 'power on' then 1 else 0 end) as bigint) from nodes group by "
                  "provision_state order by provision_state",
                  {}))
        counts.push_back(
            {moveText(row.at(0)), integerOf(row.at(1)), integerOf(row.at(2)), integerOf(row.at(3))});
    return counts;
}

std::int64_t FleetRepository::countOperations(Transaction& tx, model::OperationState state) const
{
    return integerOf(
        tx.query("select count(*) from operations where state = $1", {store(state)}).at(0).at(0));
}

std::vector<NamedOperation> FleetRepository::unfinished(Transaction& tx, std::size_t limit) const
{
    return named(
        tx,
        "where o.state in ('running', 'queued') order by case when o.state = 'running' then 0 else 1 "
        "end, o.number limit $1",
        {store(limit)});
}

std::vector<NamedOperation> FleetRepository::failed(Transaction& tx, model::UtcTime since,
                                                    std::size_t limit) const
{
    return named(tx, "where o.state = 'failed' and o.finished_at > $1 order by o.number desc limit $2",
                 {store(since), store(limit)});
}

std::vector<DeploymentSpans> FleetRepository::deployments(Transaction& tx, const std::string& image,
                                                          std::size_t limit) const
{
    std::vector<DeploymentSpans> found;
    for (Row& row :
         tx.query("select uuid, request, finished_at - started_at from operations where kind = 'deploy' and "
                  "state = 'done' and started_at is not null order by number desc limit $1",
                  {kLookedAt})) {
        if (found.size() >= limit)
            break;
        if (isOf(moveText(row.at(1)), image))
            found.push_back({integerOf(row.at(2)), stepsOf(tx, moveText(row.at(0)))});
    }
    return found;
}

} // namespace bm::db

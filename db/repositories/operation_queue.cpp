#include "db/engine/values.h"
#include "db/repositories/repositories.h"

namespace bm::db {
namespace {

std::vector<model::OperationId> idsOf(std::vector<Row> rows)
{
    std::vector<model::OperationId> ids;
    ids.reserve(rows.size());
    for (Row& row : rows)
        ids.push_back({moveText(row.at(0))});
    return ids;
}

} // namespace

std::vector<model::OperationId> OperationRepository::due(Transaction& tx, model::UtcTime now,
                                                         std::size_t limit) const
{
    return idsOf(tx.query("select uuid from operations where state = 'running' and run_at <= $1 "
                          "order by run_at, number limit $2",
                          {store(now), store(limit)}));
}

std::vector<model::OperationId> OperationRepository::queued(Transaction& tx, model::OperationKind kind,
                                                            std::size_t limit) const
{
    return idsOf(
        tx.query("select uuid from operations where state = 'queued' and kind = $1 order by number limit $2",
                 {store(kind), store(limit)}));
}

std::int64_t OperationRepository::countRunning(Transaction& tx, model::OperationKind kind) const
{
    return integerOf(
        tx.query("select count(*) from operations where state = 'running' and kind = $1", {store(kind)})
            .at(0)
            .at(0));
}

std::optional<model::UtcTime> OperationRepository::nextRunAt(Transaction& tx) const
{
    std::optional<model::UtcTime> next;
    auto rows = tx.query("select min(run_at) from operations where state = 'running'", {});
    load(rows.at(0).at(0), next);
    return next;
}

void OperationRepository::makeDueNow(Transaction& tx, const model::OperationId& id, model::UtcTime at) const
{
    tx.execute("update operations set run_at = $2 where uuid = $1 and state in ('queued', 'running') and "
               "run_at > $2",
               {id.uuid, store(at)});
}

} // namespace bm::db

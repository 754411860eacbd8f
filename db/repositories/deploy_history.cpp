// Durations of finished deployments, and the last deployment of each node.
#include "db/engine/values.h"
#include "db/repositories/rollout_repository.h"

namespace bm::db {

std::map<std::string, model::UtcTime> DeployHistory::lastDeployed(Transaction& tx) const
{
    std::map<std::string, model::UtcTime> times;
    for (Row& row : tx.query("select node_uuid, max(finished_at) from operations where kind = 'deploy' and "
                             "state = 'done' group by node_uuid",
                             {})) {
        model::UtcTime at{};
        load(row.at(1), at);
        times.emplace(moveText(row.at(0)), at);
    }
    return times;
}

std::vector<std::int64_t> DeployHistory::durations(Transaction& tx, const model::ImageId& image,
                                                   std::size_t most) const
{
    std::vector<std::int64_t> durations;
    for (Row& row :
         tx.query("select finished_at - started_at from operations where kind = 'deploy' and state "
                  "= 'done' and started_at is not null and ($1 = '' or request like '%' || $1 || "
                  "'%') order by number desc limit $2",
                  {image.uuid, store(most)}))
        durations.push_back(integerOf(row.at(0)));
    return durations;
}

} // namespace bm::db

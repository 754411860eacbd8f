#include "db/repositories/lease_repository.h"

#include "db/engine/table.h"

namespace bm::db {
namespace {

const Table<Lease>& leases()
{
    static const Table<Lease> table("leases", {
                                                  column<&Lease::node>("node_uuid"),
                                                  column<&Lease::holder>("holder"),
                                                  column<&Lease::bootId>("boot_id"),
                                                  column<&Lease::purpose>("purpose"),
                                                  column<&Lease::epoch>("epoch"),
                                                  column<&Lease::since>("since"),
                                              });
    return table;
}

// Succeeds when the lease is free, or when an earlier process of the same conductor held it.
constexpr std::string_view kTake = R"(
insert into leases (node_uuid, holder, boot_id, purpose, epoch, since) values ($1, $2, $3, $4, 1, $5)
on conflict (node_uuid) do update set holder = $2, boot_id = $3, purpose = $4, epoch = leases.epoch + 1, since = $5
where leases.holder = '' or (leases.holder = $2 and leases.boot_id <> $3)
returning epoch)";

} // namespace

std::optional<Lease> LeaseRepository::take(Transaction& tx, const model::NodeId& node,
                                           const std::string& holder, const std::string& bootId,
                                           const std::string& purpose, model::UtcTime now) const
{
    const auto taken = tx.query(kTake, {node.uuid, holder, bootId, purpose, model::toMillis(now)});
    if (taken.empty())
        return std::nullopt;
    return Lease{node, holder, bootId, purpose, std::get<std::int64_t>(taken[0][0]), now};
}

void LeaseRepository::release(Transaction& tx, const LeaseEpoch& lease) const
{
    tx.execute(
        "update leases set holder = '', boot_id = '', purpose = '' where node_uuid = $1 and epoch = $2",
        {lease.node.uuid, lease.epoch});
}

std::optional<Lease> LeaseRepository::find(Transaction& tx, const model::NodeId& node) const
{
    return leases().first(tx, "where node_uuid = $1 and holder <> ''", {node.uuid});
}

std::vector<Lease> LeaseRepository::all(Transaction& tx) const
{
    return leases().find(tx, "where holder <> '' order by node_uuid");
}

} // namespace bm::db

#include "db/repositories/conductor_repository.h"

#include "db/engine/values.h"

namespace bm::db {
namespace {

constexpr std::string_view kBeat = R"(
insert into conductors (name, boot_id, alive_at) values ($1, $2, $3)
on conflict (name) do update set boot_id = $2, alive_at = $3)";

constexpr std::string_view kSteps = R"(
update steps set started_at = started_at + $2, deadline = deadline + $2
where state in ('running', 'waiting') and (started_at is null or started_at not between $3 and $4)
  and operation_uuid in (select o.uuid from operations o join leases l on l.node_uuid = o.node_uuid
                         where o.state = 'running' and l.holder = $1))";

constexpr std::string_view kOperations = R"(
update operations set run_at = run_at + $2
where state = 'running' and node_uuid in (select node_uuid from leases where holder = $1))";

constexpr std::string_view kBoots = R"(
update agents set boot_expected_until = boot_expected_until + $2
where boot_expected_until is not null and node_uuid in (select node_uuid from leases where holder = $1))";

constexpr std::string_view kGates =
    "update rollout_nodes set gate_deadline = gate_deadline + $1 where gate_deadline is not null "
    "and finished_at is null";

} // namespace

void ConductorRepository::beat(Transaction& tx, const std::string& name, const std::string& bootId,
                               model::UtcTime now) const
{
    tx.execute(kBeat, {name, bootId, store(now)});
}

std::optional<model::UtcTime> ConductorRepository::aliveAt(Transaction& tx, const std::string& name) const
{
    std::optional<model::UtcTime> alive;
    if (auto rows = tx.query("select alive_at from conductors where name = $1", {name}); !rows.empty())
        load(rows[0].at(0), alive);
    return alive;
}

void ConductorRepository::shiftWaits(Transaction& tx, const WaitShift& shift) const
{
    const std::int64_t by = shift.by.count();
    tx.execute(kSteps, {shift.holder, by, store(shift.keepFrom), store(shift.keepTo)});
    tx.execute(kOperations, {shift.holder, by});
    tx.execute(kBoots, {shift.holder, by});
    tx.execute(kGates, {by});
}

} // namespace bm::db

#include "db/repositories/node_repository.h"

#include "common/model/error.h"
#include "db/repositories/node_table.h"

#include <fmt/format.h>

namespace bm::db {
namespace {

using model::Error;
using model::ErrorCode;
using model::Node;

std::vector<Column<Node>> nodeColumns()
{
    return {
        column<&Node::id>("uuid"),
        column<&Node::name>("name"),
        column<&Node::driver>("driver"),
        column<&Node::state>("provision_state"),
        column<&Node::target>("target_provision_state"),
        column<&Node::power>("power_state"),
        column<&Node::targetPower>("target_power_state"),
        column<&Node::driverInfo>("driver_info"),
        column<&Node::properties>("properties"),
        column<&Node::instanceInfo>("instance_info"),
        column<&Node::driverInternalInfo>("driver_internal_info"),
        column<&Node::extra>("extra"),
        column<&Node::traits>("traits"),
        column<&Node::networkData>("network_data"),
        column<&Node::instanceUuid>("instance_uuid"),
        column<&Node::instanceName>("instance_name"),
        column<&Node::resourceClass>("resource_class"),
        column<&Node::owner>("owner"),
        column<&Node::lessee>("lessee"),
        column<&Node::description>("description"),
        column<&Node::conductorGroup>("conductor_group"),
        column<&Node::chassisUuid>("chassis_uuid"),
        column<&Node::shard>("shard"),
        column<&Node::maintenance>("maintenance"),
        column<&Node::maintenanceReason>("maintenance_reason"),
        column<&Node::fault>("fault"),
        column<&Node::isProtected>("protected"),
        column<&Node::protectedReason>("protected_reason"),
        column<&Node::retired>("retired"),
        column<&Node::retiredReason>("retired_reason"),
        column<&Node::automatedClean>("automated_clean"),
        column<&Node::consoleEnabled>("console_enabled"),
        column<&Node::lastError>("last_error"),
        column<&Node::lastErrorCode>("last_error_code"),
        column<&Node::lastErrorHint>("last_error_hint"),
        column<&Node::bootMode>("boot_mode"),
        column<&Node::deployStep>("deploy_step"),
        column<&Node::cleanStep>("clean_step"),
        column<&Node::provisionUpdatedAt>("provision_updated_at"),
        column<&Node::parentNode>("parent_node"),
        column<&Node::allocationUuid>("allocation_uuid"),
        column<&Node::serviceStep>("service_step"),
        column<&Node::raidConfig>("raid_config"),
        column<&Node::targetRaidConfig>("target_raid_config"),
        column<&Node::interfaces>("interfaces"),
        column<&Node::disablePowerOff>("disable_power_off"),
        column<&Node::health>("health"),
        column<&Node::secureBoot>("secure_boot"),
        column<&Node::inspectionStartedAt>("inspection_started_at"),
        column<&Node::inspectionFinishedAt>("inspection_finished_at"),
        column<&Node::createdAt>("created_at"),
        column<&Node::updatedAt>("updated_at"),
        column<&Node::version>("version"),
    };
}

std::string shownName(const Node& node)
{
    return node.name.empty() ? node.id.uuid : node.name;
}

void requireLease(Transaction& tx, const Node& node, const LeaseEpoch& lease)
{
    const auto held = tx.query("select 1 from leases where node_uuid = $1 and epoch = $2 and holder <> ''",
                               {lease.node.uuid, lease.epoch});
    if (held.empty() || lease.node != node.id)
        throw Error(ErrorCode::Conflict,
                    fmt::format("the lease of node {} (epoch {}) is lost", shownName(node), lease.epoch),
                    "another conductor holds it now; the database is unchanged");
}

} // namespace

const Table<Node>& nodeTable()
{
    static const Table<Node> table("nodes", nodeColumns());
    return table;
}

std::optional<Node> NodeRepository::find(Transaction& tx, const model::NodeId& id) const
{
    return nodeTable().byKey(tx, id.uuid);
}

std::optional<Node> NodeRepository::findByName(Transaction& tx, const std::string& name) const
{
    if (name.empty())
        return std::nullopt;
    return nodeTable().first(tx, "where name = $1 and name <> ''",
                             {name}); // the second condition enables the partial index
}

std::vector<Node> NodeRepository::inState(Transaction& tx, model::State state, std::size_t limit) const
{
    return nodeTable().find(tx, "where provision_state = $1 order by number, uuid limit $2",
                            {store(state), store(limit)});
}

std::vector<Node> NodeRepository::all(Transaction& tx) const
{
    return nodeTable().find(tx, "order by number, uuid");
}

void NodeRepository::insert(Transaction& tx, const Node& node) const
{
    nodeTable().insert(tx, node);
    tx.execute("update nodes set number = $2 where uuid = $1", {node.id.uuid, tx.nextNumber("node_numbers")});
}

Node NodeRepository::update(Transaction& tx, const Node& node, const std::optional<LeaseEpoch>& epoch) const
{
    if (epoch)
        requireLease(tx, node, *epoch);
    Node stored = node;
    ++stored.version;
    if (nodeTable().updateIf(tx, stored, "version", node.version) == 1)
        return stored;
    const auto current = tx.query("select version from nodes where uuid = $1", {node.id.uuid});
    if (current.empty())
        throw Error(ErrorCode::NotFound, fmt::format("node {} no longer exists", shownName(node)));
    throw Error(
        ErrorCode::Conflict,
        fmt::format("another request has changed node {} (version {} is stale, the current one is {})",
                    shownName(node), node.version, std::get<std::int64_t>(current[0][0])),
        "read the node again and repeat the change");
}

void NodeRepository::recordPower(Transaction& tx, const model::NodeId& id, model::PowerState power) const
{
    tx.execute("update nodes set power_state = $2 where uuid = $1", {id.uuid, store(power)});
}

void NodeRepository::remove(Transaction& tx, const model::NodeId& id) const
{
    tx.execute("delete from events where node_uuid = $1 and node_uuid <> ''", {id.uuid});
    nodeTable().remove(tx, id.uuid); // cascades to ports, operations with steps, lease, agent, config drive
}

std::int64_t NodeRepository::count(Transaction& tx) const
{
    return std::get<std::int64_t>(tx.query("select count(*) from nodes", {}).at(0).at(0));
}

} // namespace bm::db

#include "common/model/error.h"
#include "db/engine/table.h"
#include "db/repositories/repositories.h"

#include <fmt/format.h>

namespace bm::db {
namespace {

using model::Error;
using model::ErrorCode;
using model::Port;

const Table<Port>& ports()
{
    static const Table<Port> table("ports",
                                   {
                                       column<&Port::id>("uuid"),
                                       column<&Port::node>("node_uuid"),
                                       column<&Port::portGroup>("portgroup_uuid"),
                                       column<&Port::mac>("address"),
                                       column<&Port::name>("name"),
                                       column<&Port::pxeEnabled>("pxe_enabled"),
                                       column<&Port::extra>("extra"),
                                       column<&Port::localLinkConnection>("local_link_connection"),
                                       column<&Port::physicalNetwork>("physical_network"),
                                       column<&Port::description>("description"),
                                       column<&Port::vendor>("vendor"),
                                       column<&Port::category>("category"),
                                       column<&Port::isSmartNic>("is_smartnic"),
                                       column<&Port::mayBeGrouped>("available_for_dynamic_portgroup"),
                                       column<&Port::createdAt>("created_at"),
                                       column<&Port::updatedAt>("updated_at"),
                                   });
    return table;
}

} // namespace

std::optional<Port> PortRepository::find(Transaction& tx, const model::PortId& id) const
{
    return ports().byKey(tx, id.uuid);
}

std::optional<Port> PortRepository::findByMac(Transaction& tx, const model::MacAddress& mac) const
{
    return ports().first(tx, "where address = $1", {mac.text});
}

std::vector<Port> PortRepository::ofNode(Transaction& tx, const model::NodeId& node) const
{
    return ports().find(tx, "where node_uuid = $1 order by created_at, uuid", {node.uuid});
}

std::vector<Port> PortRepository::ofGroup(Transaction& tx, const model::PortGroupId& group) const
{
    return ports().find(tx, "where portgroup_uuid = $1 order by created_at, uuid", {group.uuid});
}

std::vector<Port> PortRepository::all(Transaction& tx) const
{
    return ports().find(tx, "order by created_at, uuid");
}

std::vector<Port> PortRepository::list(Transaction& tx, std::size_t limit, const std::string& marker,
                                       const std::string& project) const
{
    const std::string ofProject = "node_uuid in (select uuid from nodes where owner = $2 or lessee = $2)";
    std::vector<Value> parameters{store(limit)};
    std::string where;
    if (!project.empty()) {
        parameters.emplace_back(project);
        where = "where " + ofProject;
    }
    if (!marker.empty()) {
        const std::vector<Port> last =
            project.empty() ? ports().find(tx, "where uuid = $1", {marker})
                            : ports().find(tx, "where uuid = $1 and " + ofProject, {marker, project});
        if (last.empty())
            throw Error(ErrorCode::NotFound, "Port " + marker + " could not be found.",
                        "repeat the list without a marker");
        parameters.push_back(store(last.front().createdAt));
        parameters.emplace_back(marker);
        where += fmt::format("{} (created_at, uuid) > (${}, ${})", where.empty() ? "where" : " and",
                             parameters.size() - 1, parameters.size());
    }
    return ports().find(tx, where + " order by created_at, uuid limit $1", parameters);
}

void PortRepository::insert(Transaction& tx, const Port& port) const
{
    ports().insert(tx, port);
}

void PortRepository::update(Transaction& tx, const Port& port) const
{
    if (ports().update(tx, port) == 0)
        throw Error(ErrorCode::NotFound, "port " + port.id.uuid + " no longer exists");
}

void PortRepository::remove(Transaction& tx, const model::PortId& id) const
{
    ports().remove(tx, id.uuid);
}

} // namespace bm::db

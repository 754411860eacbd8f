#include "conductor/nodes/node_commands.h"

#include "conductor/core/node_values.h"
#include "conductor/core/nodes.h"
#include "conductor/images/requested_image.h"
#include "conductor/nodes/driver_secrets.h"
#include "db/repositories/resources/chassis_repository.h"
#include "db/repositories/resources/port_group_repository.h"

#include <algorithm>
#include <fmt/format.h>

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using model::Node;
using model::Port;
using model::State;

namespace {

void checkUnique(db::Transaction& tx, const Node& node)
{
    const db::NodeRepository nodes;
    if (!node.name.empty()) {
        const std::optional<Node> other = nodes.findByName(tx, node.name);
        if (other && other->id != node.id)
            throw TakenError("A node with name " + node.name + " already exists.", "choose another name",
                             other->id);
    }
    if (!node.instanceUuid.empty()) {
        db::NodeFilter filter;
        filter.instanceUuid = node.instanceUuid;
        for (const Node& other : nodes.list(tx, filter))
            if (other.id != node.id)
                throw TakenError("Instance " + node.instanceUuid + " is already associated with a node.", "",
                                 other.id);
    }
}

/// @throws Error InvalidInput: the chassis that the request names does not exist
void requireChassis(db::Transaction& tx, const Node& node, const std::string& before)
{
    if (!node.chassisUuid.empty() && node.chassisUuid != before &&
        !db::chassisRepository().find(tx, node.chassisUuid))
        throw Error(ErrorCode::InvalidInput, "Chassis " + node.chassisUuid + " could not be found.");
}

/// Replaces the portgroup's name by its uuid. @throws Error InvalidInput
void resolveGroup(db::Transaction& tx, Port& port)
{
    if (port.portGroup.empty())
        return;
    const std::string ident = port.portGroup.uuid;
    const std::optional<model::PortGroup> group = model::isUuid(ident)
                                                      ? db::portGroupRepository().find(tx, ident)
                                                      : db::portGroupRepository().findBy(tx, "name", ident);
    if (!group)
        throw noSuchPortGroup(ident);
    if (group->node != port.node)
        throw Error(ErrorCode::InvalidInput,
                    "Port can not be added to a portgroup belonging to a different node.");
    port.portGroup = group->id;
}

std::string_view shownNetwork(const std::string& network)
{
    return network.empty() ? "None" : std::string_view(network);
}

/// The ports of a portgroup lead to one physical network. @throws Error Conflict
void refuseOtherNetwork(db::Transaction& tx, const Port& port)
{
    if (port.portGroup.empty())
        return;
    for (const Port& member : db::PortRepository{}.ofGroup(tx, port.portGroup))
        if (member.id != port.id && member.physicalNetwork != port.physicalNetwork)
            throw Error(
                ErrorCode::Conflict,
                fmt::format("Port with physical network {} cannot become a member of port group {} which "
                            "has ports in physical network {}.",
                            shownNetwork(port.physicalNetwork), port.portGroup.uuid,
                            shownNetwork(member.physicalNetwork)));
}

void refuseTaken(db::Transaction& tx, const Port& port)
{
    if (const std::optional<Port> other = db::PortRepository{}.findByMac(tx, port.mac))
        throw TakenError("A port with MAC address " + port.mac.text + " already exists.", "", other->node);
}

/// @return the port as stored. @p project: its node's, see dataProjectOf()
Port insertPort(db::Transaction& tx, const Context& context, Port port, const std::string& project)
{
    context.projects.store<Port>(tx, project, port, nullptr);
    resolveGroup(tx, port);
    const db::PortRepository ports;
    refuseTaken(tx, port);
    refuseOtherNetwork(tx, port);
    if (!port.id.empty() && ports.find(tx, port.id))
        throw Error(ErrorCode::Conflict, "A port with UUID " + port.id.uuid + " already exists.");
    if (port.id.empty())
        port.id = model::PortId::make();
    port.createdAt = context.clock.now();
    port.updatedAt = port.createdAt;
    ports.insert(tx, port);
    return port;
}

void refuseLocked(db::Transaction& tx, const Context& context, const Node& node)
{
    if (const std::optional<model::Operation> current = db::OperationRepository{}.current(tx, node.id))
        throw lockedError(node, *current, context.settings.conductorName);
}

bool mayBeDeleted(State state)
{
    return state == State::Enroll || state == State::Manageable || state == State::Available ||
           state == State::AdoptFailed || state == State::InspectFailed || state == State::CleanFailed ||
           state == State::DeployFailed || state == State::Error;
}

} // namespace

Error noSuchPortGroup(const std::string& ident)
{
    return {ErrorCode::InvalidInput, "Portgroup " + ident.substr(0, 80) + " could not be found."};
}

NodeCommands::NodeCommands(Context context) : context_(std::move(context)) {}

Node NodeCommands::create(Node node, const std::string& actor)
{
    return createWithPorts(std::move(node), {}, actor);
}

Node NodeCommands::createWithPorts(Node node, const std::vector<Port>& ports, const std::string& actor)
{
    if (node.id.empty())
        node.id = model::NodeId::make();
    hardwareOf(context_, node);
    checkDriverKeys(node);
    refuseValues(context_, node, nullptr);
    node.driverInfo = sealDriverInfo(context_, node, nullptr);
    node.createdAt = context_.clock.now();
    node.version = 1;
    return context_.database.write([&](db::Transaction& tx) {
        checkUnique(tx, node);
        requireChassis(tx, node, "");
        if (db::NodeRepository{}.find(tx, node.id))
            throw TakenError("A node with UUID " + node.id.uuid + " already exists.", "", node.id);
        context_.projects.storeNode(tx, node, nullptr);
        db::NodeRepository{}.insert(tx, node);
        for (Port port : ports) {
            port.node = node.id;
            insertPort(tx, context_, std::move(port), dataProjectOf(node));
        }
        recordEvent(tx, node.createdAt, node.id, model::EventKind::NodeEnrolled, "by " + actor);
        tx.afterCommit(context_.hostsChanged);
        return findNode(tx, node.id.uuid);
    });
}

Node NodeCommands::update(const std::string& ident, const std::function<void(Node&)>& change,
                          const std::string& actor)
{
    return context_.database.write([&](db::Transaction& tx) {
        const Node before = findNode(tx, ident);
        refuseLocked(tx, context_, before);
        Node node = before;
        change(node);
        hardwareOf(context_, node);
        checkUnique(tx, node);
        requireChassis(tx, node, before.chassisUuid);
        checkDriverKeys(node);
        refuseValues(context_, node, &before);
        node.driverInfo = sealDriverInfo(context_, node, &before);
        context_.projects.storeNode(tx, node, &before);
        node.updatedAt = context_.clock.now();
        recordEvent(tx, *node.updatedAt, node.id, model::EventKind::NodeChanged, "by " + actor);
        tx.afterCommit(context_.hostsChanged);
        return db::NodeRepository{}.update(tx, node);
    });
}

void NodeCommands::remove(const std::string& ident, const std::string& actor)
{
    context_.database.write([&](db::Transaction& tx) {
        const Node node = findNode(tx, ident);
        refuseLocked(tx, context_, node);
        if (node.isProtected)
            throw Error(ErrorCode::NodeProtected,
                        "Node " + node.id.uuid +
                            " is protected and can not be undeployed, rebuilt or deleted.",
                        "bm node set " + ident + " protected=false");
        if (!mayBeDeleted(node.state) && !node.maintenance)
            throw Error(ErrorCode::Conflict,
                        "Node " + node.id.uuid + " is in state \"" + std::string(model::toText(node.state)) +
                            "\" and can not be deleted.",
                        "undeploy it first: bm undeploy " + ident);
        if (!node.instanceUuid.empty() && !node.maintenance)
            throw Error(ErrorCode::Conflict,
                        "Node " + node.id.uuid + " is associated with instance " + node.instanceUuid + ".");
        recordEvent(tx, context_.clock.now(), {}, model::EventKind::NodeDeleted,
                    node.id.uuid + " (" + node.name + ") by " + actor);
        db::NodeRepository{}.remove(tx, node.id);
        context_.projects.grow(tx, dataProjectOf(node), -static_cast<std::int64_t>(bytesOf(node)));
        tx.afterCommit(context_.hostsChanged);
    });
}

void NodeCommands::setMaintenance(const std::string& ident, bool on, const std::string& reason,
                                  const std::string& actor)
{
    context_.database.write([&](db::Transaction& tx) {
        const Node before = findNode(tx, ident);
        Node node = before;
        node.maintenance = on;
        node.maintenanceReason = on ? reason : "";
        if (!on)
            node.fault.clear();
        context_.projects.storeNode(tx, node, &before);
        node.updatedAt = context_.clock.now();
        db::NodeRepository{}.update(tx, node);
        recordEvent(tx, *node.updatedAt, node.id,
                    on ? model::EventKind::NodeMaintenance : model::EventKind::NodeMaintenanceEnded,
                    (reason.empty() ? "" : reason + "; ") + std::string("by ") + actor);
    });
}

Port NodeCommands::createPort(const Port& port, const std::string& actor)
{
    return context_.database.write([&](db::Transaction& tx) {
        const std::optional<Node> node = db::NodeRepository{}.find(tx, port.node);
        if (!node)
            throw Error(ErrorCode::InvalidInput, "Node " + port.node.uuid + " could not be found.");
        Port created = insertPort(tx, context_, port, dataProjectOf(*node));
        recordEvent(tx, created.createdAt, created.node, model::EventKind::PortCreated,
                    created.mac.text + " by " + actor);
        tx.afterCommit(context_.hostsChanged);
        return created;
    });
}

Port NodeCommands::updatePort(const model::PortId& id, const std::function<void(Port&)>& change,
                              const std::string& actor)
{
    return context_.database.write([&](db::Transaction& tx) {
        const db::PortRepository ports;
        std::optional<Port> port = ports.find(tx, id);
        if (!port)
            throw Error(ErrorCode::NotFound, "Port " + id.uuid + " could not be found.");
        const Port before = *port;
        change(*port);
        resolveGroup(tx, *port);
        if (port->portGroup != before.portGroup || port->physicalNetwork != before.physicalNetwork)
            refuseOtherNetwork(tx, *port);
        if (port->mac.text != before.mac.text)
            refuseTaken(tx, *port);
        const std::optional<Node> node = db::NodeRepository{}.find(tx, port->node);
        context_.projects.store(tx, node ? dataProjectOf(*node) : std::string(), *port, &before);
        port->updatedAt = context_.clock.now();
        ports.update(tx, *port);
        recordEvent(tx, port->updatedAt, port->node, model::EventKind::PortChanged,
                    port->mac.text + " by " + actor);
        tx.afterCommit(context_.hostsChanged);
        return *port;
    });
}

void NodeCommands::removePort(const model::PortId& id, const std::string& actor)
{
    context_.database.write([&](db::Transaction& tx) {
        const db::PortRepository ports;
        const std::optional<Port> port = ports.find(tx, id);
        if (!port)
            throw Error(ErrorCode::NotFound, "Port " + id.uuid + " could not be found.");
        if (const std::optional<Node> node = db::NodeRepository{}.find(tx, port->node))
            refuseLocked(tx, context_, *node);
        ports.remove(tx, id);
        recordEvent(tx, context_.clock.now(), port->node, model::EventKind::PortDeleted,
                    port->mac.text + " by " + actor);
        tx.afterCommit(context_.hostsChanged);
    });
}

Node NodeCommands::get(const std::string& ident) const
{
    return context_.database.read([&](db::Transaction& tx) { return findNode(tx, ident); });
}

std::map<std::string, NodeCommands::InterfaceVerdict> NodeCommands::validate(const std::string& ident,
                                                                             const std::string& project) const
{
    std::map<std::string, InterfaceVerdict> verdicts;
    const Node node = get(ident);
    std::string problems;
    for (const std::string& finding : hardwareOf(context_, node).findings(driverTexts(context_, node)))
        problems += (problems.empty() ? "" : "; ") + finding;
    for (const char* interface : {"power", "management"})
        verdicts[interface] = {problems.empty(), problems};
    const auto [ports, image] = context_.database.read([&](db::Transaction& tx) {
        return std::pair(!db::PortRepository{}.ofNode(tx, node.id).empty(),
                         deployFinding(tx, context_, node, {project}));
    });
    const bool boots = ports || !hardwareOf(context_, node).needsBootPort;
    verdicts["boot"] = {boots, boots ? "" : "the node has no port to boot from"};
    verdicts["deploy"] = {image.empty(), image};
    return verdicts;
}

} // namespace bm::conductor

// Inspection: stores the RAM disk's inventory as properties and ports, and applies the inspection rules.
#include "common/model/step_kinds.h"
#include "common/wire/json/json_input.h"
#include "common/wire/json/stored_json.h"
#include "common/wire/steps/inspect.h"
#include "conductor/core/node_disks.h"
#include "conductor/core/node_values.h"
#include "conductor/nodes/driver_secrets.h"
#include "conductor/nodes/inspection_rules.h"
#include "conductor/steps/agent_side.h"
#include "conductor/steps/step_handlers.h"
#include "conductor/steps/step_support.h"
#include "db/repositories/inventory_repository.h"
#include "db/repositories/resources/inspection_rule_repository.h"

#include <algorithm>
#include <array>

namespace bm::conductor {

using nlohmann::json;

namespace {

constexpr std::chrono::minutes kInspectionTimeout{10};

struct TextMember {
    const char* name;
    std::string model::Node::*member;
};
/// The texts of a node that rules may change.
constexpr auto kTexts = std::to_array<TextMember>({
    {"name", &model::Node::name},
    {"driver", &model::Node::driver},
    {"resource_class", &model::Node::resourceClass},
    {"description", &model::Node::description},
    {"owner", &model::Node::owner},
    {"lessee", &model::Node::lessee},
    {"conductor_group", &model::Node::conductorGroup},
    {"shard", &model::Node::shard},
});
struct ObjectMember {
    const char* name;
    model::JsonText model::Node::*member;
};
constexpr auto kObjects = std::to_array<ObjectMember>({
    {"properties", &model::Node::properties},
    {"driver_info", &model::Node::driverInfo},
    {"extra", &model::Node::extra},
    {"instance_info", &model::Node::instanceInfo},
    {"network_data", &model::Node::networkData},
    {"traits", &model::Node::traits},
});

json documentOf(const model::Node& node)
{
    json document = {{"uuid", node.id.uuid}};
    for (const TextMember& row : kTexts)
        document[row.name] = node.*row.member;
    for (const ObjectMember& row : kObjects)
        document[row.name] = wire::valueOf(node.*row.member);
    return document;
}

void applyDocument(model::Node& node, const json& document, const Context& context)
{
    const model::Node before = node;
    for (const TextMember& row : kTexts)
        node.*row.member = wire::textMember(document, row.name);
    for (const ObjectMember& row : kObjects)
        if (document.contains(row.name))
            node.*row.member = wire::canonical(document.at(row.name));
    node.driverInfo = sealDriverInfo(context, node, &before);
}

/// CPU, memory, disk and architecture, as Ironic names them.
void setProperties(json& node, const json& inventory)
{
    json& properties = node["properties"];
    const json cpu = inventory.value("cpu", json::object());
    if (cpu.contains("count"))
        properties["cpus"] = cpu.at("count");
    if (cpu.contains("architecture"))
        properties["cpu_arch"] = cpu.at("architecture");
    const json memory = inventory.value("memory", json::object());
    if (memory.contains("physical_mb") && !memory.at("physical_mb").is_null())
        properties["memory_mb"] = memory.at("physical_mb");
    std::int64_t largest = 0;
    for (const json& disk : inventory.value("disks", json::array()))
        if (disk.value("size", json()).is_number_integer())
            largest = std::max(largest, disk.at("size").get<std::int64_t>());
    if (largest > 0)
        properties["local_gb"] = largest >> 30U;
}

json portDocument(const model::Port& port)
{
    return {{"uuid", port.id.uuid},
            {"address", port.mac.text},
            {"name", port.name},
            {"extra", wire::valueOf(port.extra)},
            {"pxe_enabled", port.pxeEnabled},
            {"physical_network", port.physicalNetwork},
            {"local_link_connection", wire::valueOf(port.localLinkConnection)}};
}

void applyPort(model::Port& port, const json& document)
{
    port.name = wire::textMember(document, "name");
    port.extra = wire::canonical(document.at("extra"));
    port.pxeEnabled = document.at("pxe_enabled").get<bool>();
    port.physicalNetwork = wire::textMember(document, "physical_network");
    port.localLinkConnection = wire::canonical(document.at("local_link_connection"));
}

/// Adds a port for each NIC with an unknown MAC; only NICs with carrier, unless none has it.
void addPorts(db::Transaction& tx, const Context& context, const model::Node& node, const json& inventory)
{
    const db::PortRepository ports;
    const json interfaces = inventory.value("interfaces", json::array());
    const bool carrier = std::any_of(interfaces.begin(), interfaces.end(), [](const json& nic) {
        return nic.value("has_carrier", json(false)) == true;
    });
    for (const json& nic : interfaces) {
        const std::optional<model::MacAddress> mac = model::macFromText(wire::textMember(nic, "mac_address"));
        if (!mac || ports.findByMac(tx, *mac) || (carrier && nic.value("has_carrier", json(false)) != true))
            continue;
        model::Port port;
        port.id = model::PortId::make();
        port.node = node.id;
        port.mac = *mac;
        port.createdAt = port.updatedAt = context.clock.now();
        ports.insert(tx, port);
    }
}

} // namespace

model::StepResult stepInspect(StepWork& work)
{
    return agentSideOf(work).awaitReport(work, kInspectionTimeout);
}

model::StepResult stepApplyInspection(StepWork& work)
{
    const auto found = work.context.database.read([&](db::Transaction& tx) {
        for (const model::Step& step : db::OperationRepository{}.steps(tx, work.operation.id))
            if (step.name == model::stepKind("inspect").name)
                return wire::valueOf(
                    wire::fromJson<wire::InspectResult>(step.result.text, "inspect").inventory);
        return json::object();
    });
    InspectionFacts facts{documentOf(work.node), found};
    setProperties(facts.node, found);
    std::vector<model::Port> ports;
    work.context.database.write([&](db::Transaction& tx) { addPorts(tx, work.context, work.node, found); });
    const std::vector<model::InspectionRule> rules = work.context.database.read([&](db::Transaction& tx) {
        ports = db::PortRepository{}.ofNode(tx, work.node.id);
        return db::inspectionRuleRepository().list(tx, {.limit = 100'000});
    });
    for (const model::Port& port : ports)
        facts.ports.push_back(portDocument(port));
    applyInspectionRules(rules, facts);
    model::Node result = work.node;
    applyDocument(result, facts.node, work.context);
    refuseValues(work.context, result, &work.node); // rules copy values of the machine's report
    refuseOversize(result, &work.node);
    for (const std::string& message : facts.messages)
        work.recordEvent(model::EventKind::InspectionLog, message);
    for (std::size_t i = 0; i < ports.size(); ++i) {
        const model::Port before = ports[i];
        applyPort(ports[i], facts.ports[i]);
        refuseOversize(ports[i], &before);
    }
    const db::NodeInventory inventory{work.node.id, wire::canonical(found), wire::canonical(facts.pluginData),
                                      work.context.clock.now()};
    refuseOversize<db::NodeInventory>(inventory, nullptr);
    work.writes.emplace_back([ports, inventory, &context = work.context](db::Transaction& tx) {
        for (const model::Port& port : ports)
            db::PortRepository{}.update(tx, port);
        db::InventoryRepository{}.store(tx, inventory);
        tx.afterCommit(context.hostsChanged);
    });
    work.changeNode(
        [document = facts.node, &context = work.context, now = work.context.clock.now()](model::Node& node) {
            applyDocument(node, document, context);
            forgetMissingDisks(node);
            node.inspectionFinishedAt = now;
        });
    work.recordEvent(model::EventKind::NodeInspected, std::to_string(ports.size()) + " ports");
    return model::Done{};
}

} // namespace bm::conductor

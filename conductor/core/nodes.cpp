#include "conductor/core/nodes.h"

#include "common/wire/json/stored_json.h"
#include "conductor/core/seal_places.h"

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using model::Node;

Node findNode(db::Transaction& tx, const std::string& ident)
{
    const db::NodeRepository nodes;
    std::optional<Node> node;
    if (model::isUuid(ident))
        node = nodes.find(tx, model::NodeId{ident});
    if (!node)
        node = nodes.findByName(tx, ident);
    if (!node)
        throw noSuchNode(ident);
    return *node;
}

Error noSuchNode(const std::string& ident)
{
    return {ErrorCode::NotFound, "Node " + ident.substr(0, 255) + " could not be found.",
            "bm node list shows all nodes"};
}

model::NodeEvent makeEvent(model::UtcTime at, const model::NodeId& node, model::EventKind kind,
                           std::string message, std::string detailsJson)
{
    model::NodeEvent event;
    event.node = node;
    event.at = at;
    event.kind = model::toText(kind);
    event.message = std::move(message);
    event.details.text = std::move(detailsJson);
    return event;
}

void recordEvent(db::Transaction& tx, model::UtcTime at, const model::NodeId& node, model::EventKind kind,
                 const std::string& message, const std::string& detailsJson,
                 const model::OperationId& operation)
{
    model::NodeEvent event = makeEvent(at, node, kind, message, detailsJson);
    event.operation = operation;
    db::EventRepository{}.append(tx, event);
}

drivers::HardwareType& hardwareOf(const Context& context, const Node& node)
{
    return context.hardware.at(node.driver);
}

drivers::PowerDriver& powerOf(const Context& context, const Node& node)
{
    const drivers::Slots& slots = context.hardware.slotsOf(node, "power");
    return slots.power ? *slots.power : *hardwareOf(context, node).standard("power").power;
}

std::string driverText(const Context& context, const Node& node, const std::string& key,
                       const nlohmann::json& value)
{
    if (!value.is_string())
        return value.dump();
    const auto& text = value.get_ref<const std::string&>();
    // An earlier release stored a secret in clear if its key was not a secret's then.
    if (!context.hardware.isSecret(node.driver, key) || !platform::SecretBox::isSealed(text))
        return text;
    return context.secrets.open(driverInfoPlace(node.id, key), {text});
}

std::map<std::string, std::string> driverTexts(const Context& context, const Node& node)
{
    std::map<std::string, std::string> texts;
    const nlohmann::json given = wire::valueOf(node.driverInfo);
    for (const auto& [key, value] : given.items())
        texts[key] = driverText(context, node, key, value);
    return texts;
}

platform::Asker askerOf(const Node& node)
{
    return node.owner.empty() && node.lessee.empty() ? platform::Asker::System : platform::Asker::Project;
}

drivers::BmcAccess bmcAccess(const Context& context, const Node& node)
{
    drivers::Values learned;
    const nlohmann::json internal = wire::valueOf(node.driverInternalInfo);
    for (const auto& [key, value] : internal.items())
        if (value.is_string())
            learned[key] = value.get<std::string>();
        else if (value.is_primitive())
            learned[key] = value.dump();
    return hardwareOf(context, node)
        .accessTo({node.id.uuid, driverTexts(context, node), std::move(learned),
                   wire::textMember(wire::valueOf(node.properties), "vendor")});
}

model::BootMode bootModeOf(const Context& context, const Node& node)
{
    if (const std::optional<model::BootMode> seen = model::bootModeFromText(node.bootMode))
        return *seen;
    const nlohmann::json properties = wire::valueOf(node.properties);
    const std::string capabilities = wire::textMember(properties, "capabilities");
    if (capabilities.find("boot_mode:uefi") != std::string::npos)
        return model::BootMode::Uefi;
    if (capabilities.find("boot_mode:bios") != std::string::npos)
        return model::BootMode::Bios;
    return context.settings.defaultBootMode;
}

Error lockedError(const Node& node, const model::Operation& operation, const std::string& host)
{
    return {ErrorCode::NodeLocked,
            "Node " + node.id.uuid + " is locked by host " + host +
                ", please retry after the current operation is completed.",
            "the operation at work is \"" + std::string(model::toText(operation.kind)) +
                "\": bm node timeline " + (node.name.empty() ? node.id.uuid : node.name) + ", or bm abort"};
}

} // namespace bm::conductor

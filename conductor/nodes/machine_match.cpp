#include "conductor/nodes/machine_match.h"

#include "common/text/lower_case.h"
#include "common/wire/json/stored_json.h"

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

void requireSame(const json& known, const std::string& key, const std::string& seen)
{
    const std::string wanted = wire::textMember(known, key);
    if (!wanted.empty() && model::lowerCase(wanted) != model::lowerCase(seen))
        throw Error(ErrorCode::Forbidden,
                    "the machine's " + key + " \"" + seen + "\" is not the one in the node's properties",
                    "is this another machine behind the node's MAC address? correct properties/" + key +
                        " if it was replaced");
}

} // namespace

void requireKnownMachine(db::Transaction& tx, const model::Node& node, const model::JsonText& inventory)
{
    const json seen = wire::valueOf(inventory);
    const json known = wire::valueOf(node.properties);
    const json system = seen.value("system", json::object());
    requireSame(known, "system_uuid", wire::textMember(system, "uuid"));
    requireSame(known, "serial_number", wire::textMember(system, "serial"));
    for (const json& nic : seen.value("nics", json::array())) {
        const std::optional<model::MacAddress> mac = model::macFromText(wire::textMember(nic, "mac"));
        if (!mac)
            continue;
        const std::optional<model::Port> port = db::PortRepository{}.findByMac(tx, *mac);
        if (port && port->node == node.id)
            return;
    }
    throw Error(ErrorCode::Forbidden, "the machine has none of the MAC addresses of node " + node.id.uuid,
                "enrol its NICs: bm node set NODE --mac ...");
}

} // namespace bm::conductor

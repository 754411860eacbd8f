#include "conductor/boot_desk.h"

#include "conductor/json_values.h"
#include "conductor/nodes.h"

#include <set>

namespace bm::conductor {

using model::Error;
using model::ErrorCode;

namespace {

bool expected(const std::optional<db::AgentRecord>& record, model::UtcTime now)
{
    return record && record->bootExpectedUntil && *record->bootExpectedUntil > now;
}

std::optional<int> vlanOf(const model::Node& node)
{
    const std::string vlan = textMember(valueOf(node.driverInfo), "provisioning_vlan");
    if (vlan.empty())
        return std::nullopt;
    return std::stoi(vlan);
}

/// A fresh boot: the secret of an earlier fetch, and whoever traded it, are forgotten.
std::string mintSecret(db::Transaction& tx, const Context& context, db::AgentRecord record)
{
    const std::string secret = platform::randomHex(32);
    record.bootSecretHash = platform::sha256Hex(secret);
    record.bootSecretAt = context.clock.now();
    record.nonceHash.clear();
    record.tokenSealed.clear();
    record.bootId.clear();
    record.lastContactAt.reset();
    record.inventory = {};
    db::AgentRepository{}.store(tx, record);
    return secret;
}

} // namespace

BootDesk::BootDesk(Context context)
    : context_(std::move(context)), addresses_(std::make_unique<AddressBook>())
{}

BootDesk::~BootDesk() = default;

std::string BootDesk::script(const std::string& macText, const std::string& platform,
                             const std::string& peerAddress)
{
    const std::optional<model::MacAddress> mac = model::macFromText(macText);
    if (!mac)
        throw Error(ErrorCode::InvalidInput, "mac=\"" + macText.substr(0, 40) + "\" is not a MAC address");
    return context_.database.write([&](db::Transaction& tx) {
        const model::UtcTime now = context_.clock.now();
        const std::optional<model::Port> port = db::PortRepository{}.findByMac(tx, *mac);
        if (!port) {
            note(tx, now, {}, "boot.unknown", mac->text + " at " + peerAddress + " asked for a boot script");
            return pxe::unknownMachineScript(*mac);
        }
        const model::Node node = findNode(tx, port->node.uuid);
        std::optional<db::AgentRecord> record = db::AgentRepository{}.find(tx, node.id);
        if (!expected(record, now)) {
            note(tx, now, node.id, "http.script", "local disk (" + platform + ", " + peerAddress + ")");
            return pxe::localDiskScript("no operation waits for this machine");
        }
        pxe::RamdiskBoot boot;
        boot.baseUrl = context_.settings.baseUrl;
        boot.nodeUuid = node.id.uuid;
        boot.mac = *mac;
        boot.bootSecret = mintSecret(tx, context_, *record);
        boot.extraArguments = context_.settings.kernelArguments;
        boot.vlan = vlanOf(node);
        note(tx, now, node.id, "http.script", "RAM disk (" + platform + ", " + peerAddress + ")");
        return pxe::ramdiskScript(boot);
    });
}

void BootDesk::fetched(const std::string& what, const std::string& peerAddress, std::uint64_t bytes,
                       bool whole)
{
    pxe::BootContact fetch;
    fetch.kind = "http." + what;
    fetch.address = peerAddress;
    fetch.detail = std::to_string(bytes) + " bytes" + (whole ? "" : ", cut off");
    fetch.at = context_.clock.now();
    contact(fetch);
}

std::optional<model::MacAddress> AddressBook::macOf(const std::string& address)
{
    const auto book = macs_.lock();
    const auto found = book->find(address);
    return found == book->end() ? std::nullopt : std::optional(found->second);
}

void AddressBook::remember(const std::string& address, const model::MacAddress& mac)
{
    constexpr std::size_t kMost = 100'000;
    const auto book = macs_.lock();
    if (book->size() >= kMost)
        book->clear();
    book->insert_or_assign(address, mac);
}

void BootDesk::contact(const pxe::BootContact& contact)
{
    const std::optional<model::MacAddress> mac =
        contact.mac ? contact.mac : addresses_->macOf(contact.address);
    if (contact.mac && !contact.address.empty())
        addresses_->remember(contact.address, *contact.mac);
    context_.database.write([&](db::Transaction& tx) {
        model::NodeId node;
        if (mac)
            if (const std::optional<model::Port> port = db::PortRepository{}.findByMac(tx, *mac))
                node = port->node;
        const std::string who = node.empty() && mac ? mac->text + " " : "";
        note(tx, contact.at, node, contact.kind,
             who + contact.address +
                 (contact.detail.empty() ? "" : (contact.address.empty() ? "" : " ") + contact.detail),
             textOf(contact.address.empty() ? nlohmann::json::object()
                                            : nlohmann::json{{"address", contact.address}})
                 .text);
    });
}

std::vector<pxe::BootHost> BootDesk::hosts() const
{
    return context_.database.read([&](db::Transaction& tx) {
        std::set<model::NodeId> booting;
        for (const db::AgentRecord& record : db::AgentRepository{}.expectedToBoot(tx, context_.clock.now()))
            booting.insert(record.node);
        std::map<model::NodeId, std::string> names;
        for (const model::Node& node : db::NodeRepository{}.all(tx))
            names[node.id] = node.name;
        std::vector<pxe::BootHost> hosts;
        for (const model::Port& port : db::PortRepository{}.all(tx))
            hosts.push_back({port.mac, names[port.node], port.pxeEnabled && booting.contains(port.node)});
        return hosts;
    });
}

} // namespace bm::conductor

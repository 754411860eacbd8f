#include "conductor/machines/boot_service.h"

#include "common/text/text.h"
#include "common/wire/json/json_input.h"
#include "common/wire/json/stored_json.h"
#include "conductor/core/boot_window.h"
#include "conductor/core/drive_access.h"
#include "conductor/core/due_operations.h"
#include "conductor/core/leases.h"
#include "conductor/core/node_values.h"
#include "conductor/core/nodes.h"
#include "conductor/core/seal_places.h"
#include "conductor/images/ramdisk_deployment.h"
#include "conductor/images/ramdisk_image.h"
#include "conductor/steps/image_copy_step.h"

#include <set>

namespace bm::conductor {

using model::Error;
using model::ErrorCode;

namespace {

bool expected(const std::optional<db::AgentRecord>& record, model::UtcTime now)
{
    return record && record->bootExpectedUntil && *record->bootExpectedUntil > now;
}

/// Makes the secret of a new boot; the secret and the token of the boot before end.
std::string mintSecret(db::Transaction& tx, const Context& context, db::AgentRecord record)
{
    std::string secret = platform::randomHex(32);
    record.bootSecretHash = platform::sha256Hex(secret);
    record.scriptAskedAt = context.clock.now();
    record.nonceHash.clear();
    record.tokenSealed = {};
    record.bootId.clear();
    record.lastContactAt.reset();
    record.inventory = {};
    db::AgentRepository{}.store(tx, record);
    return secret;
}

/// Ends secret and token of an agent that is not the machine: it called from another address than the host
/// that asks for a script and holds the machine's lease. The window stays closed.
void endForeignAgent(db::Transaction& tx, const Context& context, db::AgentRecord& record,
                     const std::string& peerAddress)
{
    const bool foreign = !record.bootSecretHash.empty() && record.address != peerAddress &&
                         leasedAddressOf(tx, context, record.node) == peerAddress;
    if (!foreign)
        return;
    record.bootSecretHash.clear();
    record.tokenSealed = context.secrets.seal(agentTokenPlace(record.node), platform::randomHex(32));
    recordEvent(tx, context.clock.now(), record.node, model::EventKind::AgentRefused,
                "the agent at " + record.address + " is another host: the machine has the lease of " +
                    peerAddress);
}

/// Stores a request for a script of the closed window of @p operation. Once its agent is gone, the operation
/// is due: it boots the machine again.
void noteRequest(db::Transaction& tx, const Context& context, db::AgentRecord record,
                 const model::Operation& operation, const std::string& platform,
                 const std::string& peerAddress)
{
    const model::UtcTime now = context.clock.now();
    endForeignAgent(tx, context, record, peerAddress);
    if (!askedAfterContact(record)) // one event, however often the machine asks
        recordEvent(tx, now, record.node, model::EventKind::BootClosed,
                    "no boot script for " + platform + ", " + peerAddress +
                        ": the agent of this boot has called already",
                    "{}", operation.id);
    record.scriptAskedAt = now;
    db::AgentRepository{}.store(tx, record);
    if (hasRestarted(record, context.settings, now))
        makeDueNow(tx, context, operation.id);
}

/// Stores that a node being deployed has fetched a file; its operation is due once it has kernel and initrd.
/// An active node may fetch them again.
void mark(db::Transaction& tx, const Context& context, model::Node node, bool RamdiskDeployment::*what)
{
    std::optional<RamdiskDeployment> deployment = ramdiskDeploymentOf(node);
    if (!deployment || (*deployment).*what || node.state == model::State::Active)
        return;
    (*deployment).*what = true;
    setRamdiskDeployment(node, deployment);
    db::NodeRepository{}.update(tx, node);
    if (const std::optional<model::Operation> operation = db::OperationRepository{}.current(tx, node.id);
        operation && deployment->kernel && deployment->initrd)
        makeDueNow(tx, context, operation->id);
}

std::string ramdiskDeploymentScript(db::Transaction& tx, const Context& context, const model::Node& node,
                                    const model::MacAddress& mac, const std::string& who)
{
    const RamdiskDeployment deployment = ramdiskDeploymentOf(node).value();
    pxe::ImageBoot boot;
    boot.baseUrl = context.settings.baseUrl + "/boot/nodes/" + node.id.uuid + "/" +
                   context.secrets.open(ramdiskTokenPlace(node.id), deployment.tokenSealed);
    boot.scriptUrl = context.settings.baseUrl + "/boot/script";
    boot.title = deployment.imageName;
    boot.arguments = deployment.arguments;
    boot.mac = mac;
    boot.configDrive = deployment.configDrive;
    recordEvent(tx, context.clock.now(), node.id, model::EventKind::HttpScript,
                deployment.imageName + " (" + who + ")");
    mark(tx, context, node, &RamdiskDeployment::script);
    return pxe::imageScript(boot);
}

/// The deployment of a node that boots its RAM disk and sends its token.
struct Asked {
    model::Image image;
    model::SealedText driveSealed;
};

Asked findAsked(db::Transaction& tx, const Context& context, const std::string& ident,
                const std::string& token, const Error& none)
{
    const std::optional<model::Node> node = db::NodeRepository{}.find(tx, model::NodeId{ident});
    const std::optional<RamdiskDeployment> deployment = node ? ramdiskDeploymentOf(*node) : std::nullopt;
    if (!deployment || !bootsItsRamdisk(*node) ||
        !platform::equalSecrets(context.secrets.open(ramdiskTokenPlace(node->id), deployment->tokenSealed),
                                token))
        throw Error(none);
    const std::optional<model::Image> image = db::ImageRepository{}.find(tx, deployment->image);
    if (!image)
        throw Error(none);
    return {*image, deployment->configDrive
                        ? db::ConfigDriveRepository{}.find(tx, node->id).value_or(model::SealedText{})
                        : model::SealedText{}};
}

constexpr std::chrono::minutes kTakeOutDeadline{2}; // the deployment has extracted it; it was lost since

} // namespace

BootFile BootService::imageFile(const std::string& node, const std::string& token, const std::string& name,
                                const std::string& peerAddress)
{
    const Error none(ErrorCode::NotFound, "there is no such file, or not for this machine");
    const Asked asked = context_.database.read([&](db::Transaction& tx) {
        Asked found = findAsked(tx, context_, node, token, none);
        if (name == "config.img")
            requireDriveAccess(tx, context_, model::NodeId{node}, peerAddress);
        return found;
    });
    const RamdiskImage ramdisk = ramdiskOf(asked.image.description, asked.image.sizeBytes);
    BootFile file{model::NodeId{node}, model::EventKind::HttpKernel, {}, ""};
    std::vector<images::ByteRange> parts;
    if (name == "vmlinuz") {
        file.event = model::EventKind::HttpKernel;
        parts = ramdisk.kernel;
    } else if (name == "initrd.img") {
        file.event = model::EventKind::HttpInitrd;
        parts = ramdisk.initrd;
    } else if (name == "image.iso" && ramdisk.iso) {
        file.event = model::EventKind::HttpIso;
        parts = {{0, asked.image.sizeBytes}};
    } else if (name == "config.img" && !asked.driveSealed.empty()) {
        file.event = model::EventKind::HttpConfig;
        file.bytes = configInitrd(context_.secrets.open(configDrivePlace(file.node), asked.driveSealed));
        return file;
    } else {
        throw Error(none);
    }
    if (!context_.images.makeLocal(asked.image.contentId))
        throw Error(ErrorCode::Unavailable, "the image is not on this server", "ask again in a moment");
    file.path = context_.images.partFile(asked.image.contentId, parts, model::Deadline::in(kTakeOutDeadline));
    return file;
}

void BootService::imageFetched(const BootFile& file, const std::string& peerAddress, std::uint64_t bytes,
                               bool whole)
{
    std::error_code ignored; // a range is not the whole file
    whole = whole && (file.path.empty() || bytes == std::filesystem::file_size(file.path, ignored));
    context_.database.write([&](db::Transaction& tx) {
        const std::optional<model::Node> node = db::NodeRepository{}.find(tx, file.node);
        if (!node)
            return;
        recordEvent(tx, context_.clock.now(), node->id, file.event,
                    peerAddress + " " + std::to_string(bytes) + " bytes" + (whole ? "" : ", not all of it"));
        if (whole && file.event == model::EventKind::HttpKernel)
            mark(tx, context_, *node, &RamdiskDeployment::kernel);
        if (whole && file.event == model::EventKind::HttpInitrd)
            mark(tx, context_, *node, &RamdiskDeployment::initrd);
    });
}

BootService::BootService(Context context)
    : context_(std::move(context)), addresses_(std::make_unique<AddressBook>())
{}

BootService::~BootService() = default;

std::string BootService::script(const std::string& macText, const std::string& platform,
                                const std::string& peerAddress)
{
    const std::optional<model::MacAddress> mac = model::macFromText(macText);
    if (!mac)
        throw Error(ErrorCode::InvalidInput, "mac=\"" + macText.substr(0, 40) + "\" is not a MAC address");
    return context_.database.write([&](db::Transaction& tx) {
        const model::UtcTime now = context_.clock.now();
        const std::optional<model::Port> port = db::PortRepository{}.findByMac(tx, *mac);
        if (!port) {
            recordEvent(tx, now, {}, model::EventKind::BootUnknown,
                        mac->text + " at " + peerAddress + " asked for a boot script");
            return pxe::unknownMachineScript(*mac);
        }
        const model::Node node = findNode(tx, port->node.uuid);
        const std::string who = platform + ", " + peerAddress;
        const std::optional<db::AgentRecord> record = db::AgentRepository{}.find(tx, node.id);
        const bool closed = record && record->bootExpectedUntil && isWindowClosed(*record);
        const std::optional<model::Operation> operation =
            closed ? db::OperationRepository{}.current(tx, node.id) : std::nullopt;
        if (operation) {
            noteRequest(tx, context_, *record, *operation, platform, peerAddress);
            return pxe::waitScript("the RAM disk was started already; bm starts this machine again itself",
                                   context_.settings.baseUrl + "/boot/script");
        }
        const bool open = !closed && expected(record, now);
        if (!open && bootsItsRamdisk(node))
            return ramdiskDeploymentScript(tx, context_, node, *mac, who);
        if (!open) {
            recordEvent(tx, now, node.id, model::EventKind::HttpScript, "local disk (" + who + ")");
            return pxe::localDiskScript("no operation waits for this machine", biosDriveOf(node));
        }
        pxe::RamdiskBoot boot;
        boot.baseUrl = context_.settings.baseUrl;
        boot.nodeUuid = node.id.uuid;
        boot.mac = *mac;
        boot.bootSecret = mintSecret(tx, context_, *record);
        boot.extraArguments = context_.settings.kernelArguments;
        boot.vlan = provisioningVlanOf(node);
        recordEvent(tx, now, node.id, model::EventKind::HttpScript, "RAM disk (" + who + ")");
        return pxe::ramdiskScript(boot);
    });
}

void BootService::fetched(model::EventKind what, const std::string& peerAddress, std::uint64_t bytes,
                          bool whole)
{
    pxe::BootContact fetch;
    fetch.kind = what;
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

void BootService::contact(const pxe::BootContact& contact)
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
        recordEvent(tx, contact.at, node, contact.kind,
                    who + contact.address +
                        (contact.detail.empty() ? "" : (contact.address.empty() ? "" : " ") + contact.detail),
                    wire::canonical(contact.address.empty() ? nlohmann::json::object()
                                                            : nlohmann::json{{"address", contact.address}})
                        .text);
    });
}

std::vector<pxe::BootHost> BootService::hosts() const
{
    return context_.database.read([&](db::Transaction& tx) {
        std::set<model::NodeId> booting;
        for (const db::AgentRecord& record : db::AgentRepository{}.expectedToBoot(tx, context_.clock.now()))
            booting.insert(record.node);
        std::map<model::NodeId, std::string> names;
        for (const model::Node& node : db::NodeRepository{}.all(tx)) {
            names[node.id] = node.name;
            if (bootsItsRamdisk(node))
                booting.insert(node.id);
        }
        std::vector<pxe::BootHost> hosts;
        for (const model::Port& port : db::PortRepository{}.all(tx))
            hosts.push_back({port.mac, names[port.node], port.pxeEnabled && booting.contains(port.node)});
        return hosts;
    });
}

} // namespace bm::conductor

#include "conductor/machines/boot_service.h"

#include "common/model/step_kinds.h"
#include "common/text/printable.h"
#include "common/text/text.h"
#include "common/wire/json/json_input.h"
#include "common/wire/json/stored_json.h"
#include "conductor/core/boot_window.h"
#include "conductor/core/caused_events.h"
#include "conductor/core/due_operations.h"
#include "conductor/core/leases.h"
#include "conductor/core/node_values.h"
#include "conductor/core/nodes.h"
#include "conductor/core/seal_places.h"
#include "conductor/images/ramdisk_deployment.h"
#include "conductor/images/ramdisk_image.h"
#include "conductor/machines/drive_access.h"
#include "conductor/steps/image_copy_step.h"

#include <algorithm>
#include <map>
#include <set>

namespace bm::conductor {

using model::Error;
using model::ErrorCode;

namespace {

constexpr std::chrono::seconds kNoteInterval{1};

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

/// A request for a boot script: iPXE's platform, and the client's address.
struct BootRequest {
    std::string platform;
    std::string peerAddress;
};

/// True if the agent is not the machine: it called from another address than the host at @p peerAddress,
/// which holds the machine's lease. Reads the lease file.
bool isForeignAgent(db::Transaction& tx, const Context& context, const db::AgentRecord& record,
                    const std::string& peerAddress)
{
    return !record.bootSecretHash.empty() && record.address != peerAddress &&
           leasedAddressOf(tx, context, record.node) == peerAddress;
}

/// True if noteRequest() has something to store: a stranger's further requests cost no write.
bool mustNote(db::Transaction& tx, const Context& context, const db::AgentRecord& record,
              const std::string& peerAddress)
{
    return !askedAfterContact(record) || context.clock.now() - *record.scriptAskedAt >= kNoteInterval ||
           isForeignAgent(tx, context, record, peerAddress);
}

/// Ends secret and token of a foreign agent. The window stays closed.
void endForeignAgent(db::Transaction& tx, const Context& context, db::AgentRecord& record,
                     const std::string& peerAddress)
{
    record.bootSecretHash.clear();
    record.tokenSealed = context.secrets.seal(agentTokenPlace(record.node), platform::randomHex(32));
    recordEvent(tx, context.clock.now(), record.node, model::EventKind::AgentRefused,
                "the agent at " + record.address + " is another host: the machine has the lease of " +
                    peerAddress);
}

/// Stores a request for a script of the closed window of @p operation. Once its agent is gone, the operation
/// is due: it boots the machine again.
void noteRequest(db::Transaction& tx, const Context& context, db::AgentRecord record,
                 const model::Operation& operation, const BootRequest& request)
{
    const model::UtcTime now = context.clock.now();
    if (isForeignAgent(tx, context, record, request.peerAddress))
        endForeignAgent(tx, context, record, request.peerAddress);
    const bool known = askedAfterContact(record);
    if (!known) // one event, however often the machine asks
        recordCaused(tx, context,
                     {.kind = model::EventKind::BootClosed,
                      .node = record.node,
                      .peer = request.peerAddress,
                      .message = "no boot script for " + request.platform + ", " + request.peerAddress +
                                 ": the agent of this boot has called already",
                      .operation = operation.id});
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

/// @param sentTo  what the script starts
CausedEvent scriptEvent(const model::NodeId& node, const BootRequest& request, const std::string& sentTo)
{
    return {.kind = model::EventKind::HttpScript,
            .node = node,
            .peer = request.peerAddress,
            .message = sentTo + " (" + request.platform + ", " + request.peerAddress + ")"};
}

CausedEvent localDiskEvent(const model::Node& node, const BootRequest& request)
{
    return scriptEvent(node.id, request, "local disk");
}

std::string waitScriptOf(const Context& context)
{
    return pxe::waitScript("the RAM disk was started already; bm starts this machine again itself",
                           context.settings.baseUrl + "/boot/script");
}

std::string localDiskScriptOf(const model::Node& node)
{
    return pxe::localDiskScript("no operation waits for this machine", biosDriveOf(node));
}

std::string ramdiskDeploymentScript(db::Transaction& tx, const Context& context, const model::Node& node,
                                    const model::MacAddress& mac, const BootRequest& request)
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
    recordCaused(tx, context, scriptEvent(node.id, request, deployment.imageName));
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

constexpr std::size_t kPlatformText = 40; // bytes; iPXE sends "pcbios" or "efi"

/// A machine that requests a boot script.
struct BootingMachine {
    std::optional<model::Node> node{}; ///< nothing: no port has the MAC address
    std::optional<db::AgentRecord> agent{};
    bool agentExpected = false;
    std::optional<model::Operation> closed{}; ///< the operation whose boot window an agent's call has closed
    bool mayBoot = true;                      ///< false: another host has the machine's lease, or nobody
    bool idle() const { return !agentExpected && !closed && !bootsItsRamdisk(*node); }
};

/// The current operation of @p node, if it boots bm's RAM disk.
std::optional<model::Operation> bootingOperation(db::Transaction& tx, const model::NodeId& node)
{
    const db::OperationRepository operations;
    std::optional<model::Operation> current = operations.current(tx, node);
    const auto isBoot = [](const model::Step& step) {
        return step.name == model::stepKind("expect_boot").name;
    };
    if (current && std::ranges::none_of(operations.steps(tx, current->id), isBoot))
        current.reset();
    return current;
}

BootingMachine bootingMachine(db::Transaction& tx, const Context& context, const model::MacAddress& mac)
{
    const std::optional<model::Port> port = db::PortRepository{}.findByMac(tx, mac);
    if (!port)
        return {};
    BootingMachine machine{findNode(tx, port->node.uuid), db::AgentRepository{}.find(tx, port->node)};
    const bool called = machine.agent && isWindowClosed(*machine.agent);
    if (called && machine.agent->bootExpectedUntil)
        machine.closed = bootingOperation(tx, port->node);
    machine.agentExpected = !called && expected(machine.agent, context.clock.now());
    return machine;
}

/// True if the host at @p peerAddress may boot as @p node: where bm manages DHCP, and configuration drives
/// want a lease or more, the holder of the machine's lease. Reads the lease file.
bool mayBoot(db::Transaction& tx, const Context& context, const model::NodeId& node,
             const std::string& peerAddress)
{
    const Settings& settings = context.settings;
    return settings.leaseFile.empty() || settings.configDriveLevel == ConfigDriveLevel::Window ||
           holdsLeaseOf(tx, context, node, peerAddress);
}

/// The script that starts a RAM disk, bm's or that of a deployment; its events and secrets are stored.
std::string networkScript(db::Transaction& tx, const Context& context, const model::MacAddress& mac,
                          const BootRequest& request)
{
    const BootingMachine machine = bootingMachine(tx, context, mac);
    if (!machine.node) // it was deleted in between
        return pxe::unknownMachineScript(mac);
    const model::Node& node = *machine.node;
    if (machine.idle()) { // its operation ended in between
        recordCaused(tx, context, localDiskEvent(node, request));
        return localDiskScriptOf(node);
    }
    if (machine.closed) {
        noteRequest(tx, context, *machine.agent, *machine.closed, request);
        return waitScriptOf(context);
    }
    if (!machine.agentExpected)
        return ramdiskDeploymentScript(tx, context, node, mac, request);
    pxe::RamdiskBoot boot;
    boot.baseUrl = context.settings.baseUrl;
    boot.nodeUuid = node.id.uuid;
    boot.mac = mac;
    boot.bootSecret = mintSecret(tx, context, *machine.agent);
    boot.extraArguments = context.settings.kernelArguments;
    boot.vlan = provisioningVlanOf(node);
    recordCaused(tx, context, scriptEvent(node.id, request, "RAM disk"));
    return pxe::ramdiskScript(boot);
}

/// The script for a host that does not hold the lease of @p node.
std::string noLeaseScript(const Context& context, const model::Node& node, const BootRequest& request)
{
    recordCaused(context, {.kind = model::EventKind::BootNoLease,
                           .node = node.id,
                           .peer = request.peerAddress,
                           .message = "no boot script for " + request.platform + ", " + request.peerAddress +
                                      ": the address does not hold the machine's lease"});
    return pxe::waitScript("this address does not hold the machine's lease",
                           context.settings.baseUrl + "/boot/script");
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
        recordCaused(tx, context_,
                     {.kind = file.event,
                      .node = node->id,
                      .peer = peerAddress,
                      .message = peerAddress + " " + std::to_string(bytes) + " bytes" +
                                 (whole ? "" : ", not all of it")});
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
    const BootRequest request{text::shortPrintable(platform, kPlatformText), peerAddress};
    bool notes = true;
    const BootingMachine machine = context_.database.read([&](db::Transaction& tx) {
        BootingMachine found = bootingMachine(tx, context_, *mac);
        found.mayBoot = !found.node || found.idle() || mayBoot(tx, context_, found.node->id, peerAddress);
        notes = !found.closed || mustNote(tx, context_, *found.agent, peerAddress);
        return found;
    });
    if (!notes)
        return waitScriptOf(context_);
    if (!machine.mayBoot)
        return noLeaseScript(context_, *machine.node, request);
    if (!machine.node) {
        context_.unknownMachines.note(*mac, peerAddress, "", context_.clock.now());
        recordCaused(context_, {.kind = model::EventKind::BootUnknown,
                                .peer = peerAddress,
                                .message = mac->text + " at " + peerAddress + " asked for a boot script"});
        return pxe::unknownMachineScript(*mac);
    }
    if (machine.idle()) { // no write for a stranger who knows the MAC address
        recordCaused(context_, localDiskEvent(*machine.node, request));
        return localDiskScriptOf(*machine.node);
    }
    return context_.database.write(
        [&](db::Transaction& tx) { return networkScript(tx, context_, *mac, request); });
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
    const model::MacAddress* found = book->find(address);
    return found == nullptr ? std::nullopt : std::optional(*found);
}

void AddressBook::remember(const std::string& address, const model::MacAddress& mac)
{
    const auto book = macs_.lock();
    book->use(address, [&] { return mac; }) = mac;
}

void BootService::contact(const pxe::BootContact& contact)
{
    const std::optional<model::MacAddress> mac =
        contact.mac ? contact.mac : addresses_->macOf(contact.address);
    if (contact.mac && !contact.address.empty())
        addresses_->remember(contact.address, *contact.mac);
    const std::optional<model::Port> port = context_.database.read([&](db::Transaction& tx) {
        return mac ? db::PortRepository{}.findByMac(tx, *mac) : std::optional<model::Port>();
    });
    if (contact.mac && !port)
        context_.unknownMachines.note(*mac, contact.address, contact.vendorClass, context_.clock.now());
    std::string message = !port && mac ? mac->text + " " : "";
    message += contact.address;
    if (!contact.detail.empty())
        message += (contact.address.empty() ? "" : " ") + contact.detail;
    recordCaused(context_, {.kind = contact.kind,
                            .node = port ? port->node : model::NodeId{},
                            .peer = contact.mac ? contact.mac->text : contact.address,
                            .message = message,
                            .address = contact.address});
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

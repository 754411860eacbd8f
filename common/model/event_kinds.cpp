#include "common/model/event_kinds.h"

#include <algorithm>

namespace bm::model {
namespace {

using K = EventKind;

// clang-format off
constexpr auto kKinds = std::to_array<EventKindRow>({
    {K::AgentContact, "agent.contact", "an agent called for the first time in this boot"},
    {K::AgentDone, "agent.done", "the agent reports a step as done"},
    {K::AgentFailed, "agent.failed", "the agent reports a step as failed"},
    {K::AgentLookup, "agent.lookup", "an agent traded its boot secret for a token"},
    {K::AgentRefused, "agent.refused", "a machine gave a wrong boot secret or nonce; bmd gave it no token"},
    {K::AllocationChanged, "allocation.changed", "an operator changed an allocation"},
    {K::AllocationCreated, "allocation.created", "an operator created an allocation"},
    {K::AllocationDeleted, "allocation.deleted", "an operator deleted an allocation"},
    {K::BmcIdentified, "bmc.identified", "bmd learned what BMC the node has"},
    {K::BmcRaw, "bmc.raw", "an operator sent a raw IPMI command to the BMC"},
    {K::BmcReset, "bmc.reset", "an operator reset the BMC"},
    {K::BmcRetry, "bmc.retry", "a call to the BMC failed in a way that may pass; the step tries again"},
    {K::BootDevice, "boot.device", "the boot device was set on the BMC"},
    {K::BootEntry, "boot.entry", "the agent wrote the firmware's boot entries for the deployed system"},
    {K::BootFastTrack, "boot.fast-track", "an agent was already up, so the step needed no boot"},
    {K::BootTrouble, "boot.trouble", "the agent could not write the firmware's boot entries; the message says why"},
    {K::BootUnknown, "boot.unknown", "an unknown machine requested a boot script"},
    {K::ChassisChanged, "chassis.changed", "an operator changed a chassis"},
    {K::ChassisCreated, "chassis.created", "an operator created a chassis"},
    {K::ChassisDeleted, "chassis.deleted", "an operator deleted a chassis"},
    {K::DeployTemplateChanged, "deploy-template.changed", "an operator changed a deploy template"},
    {K::DeployTemplateCreated, "deploy-template.created", "an operator created a deploy template"},
    {K::DeployTemplateDeleted, "deploy-template.deleted", "an operator deleted a deploy template"},
    {K::DhcpAck, "dhcp.ack", "dnsmasq confirmed a lease"},
    {K::DhcpDiscover, "dhcp.discover", "a machine searched for a DHCP server"},
    {K::DhcpIgnored, "dhcp.ignored", "dnsmasq gave the machine no boot file, because no operation waits for it"},
    {K::DhcpNak, "dhcp.nak", "dnsmasq refused an address"},
    {K::DhcpOffer, "dhcp.offer", "dnsmasq offered an address"},
    {K::DhcpProxy, "dhcp.proxy", "dnsmasq added boot options to the offer of another DHCP server"},
    {K::DhcpRequest, "dhcp.request", "a machine requested the offered address"},
    {K::DiskVerified, "disk.verified", "the agent compared a deployed disk with its image"},
    {K::HttpConfig, "http.config", "a machine fetched the config drive of its RAM-disk deployment"},
    {K::HttpInitrd, "http.initrd", "a machine fetched the initrd of its RAM-disk deployment"},
    {K::HttpIso, "http.iso", "a machine fetched the ISO image of its RAM-disk deployment"},
    {K::HttpKernel, "http.kernel", "a machine fetched a kernel"},
    {K::HttpRamdisk, "http.ramdisk", "a machine fetched the agent's RAM disk"},
    {K::HttpScript, "http.script", "a machine fetched its boot script; the message says where it sends the machine"},
    {K::ImageAdded, "image.added", "an import of an image began"},
    {K::ImageBroken, "image.broken", "a verification found wrong bytes in a stored image"},
    {K::ImageCaptured, "image.captured", "a disk or tree of a node became an image"},
    {K::ImageDeleted, "image.deleted", "an operator or a prune deleted an image"},
    {K::ImageFailed, "image.failed", "an import or a capture of an image failed"},
    {K::ImageFetched, "image.fetched", "an image by address is in the catalogue, so its deployment continues"},
    {K::ImageMended, "image.mended", "a good copy of the same content replaced the broken bytes of an image"},
    {K::ImageReady, "image.ready", "an import or a capture of an image ended; nodes can be deployed with it"},
    {K::ImageTagged, "image.tagged", "a tag points to an image"},
    {K::ImageUntagged, "image.untagged", "an operator removed a tag"},
    {K::ImageVerified, "image.verified", "a verification read every byte of an image and found it right"},
    {K::ImageVerify, "image.verify", "an operator started a verification of an image"},
    {K::ImageVerifyFailed, "image.verify-failed", "a verification of an image could not run"},
    {K::ImageWritten, "image.written", "the agent wrote a disk image and read it back"},
    {K::InspectionRuleChanged, "inspection-rule.changed", "an operator changed an inspection rule"},
    {K::InspectionRuleCreated, "inspection-rule.created", "an operator created an inspection rule"},
    {K::InspectionRuleDeleted, "inspection-rule.deleted", "an operator deleted an inspection rule"},
    {K::InspectionLog, "inspection.log", "an inspection rule wrote a message"},
    {K::KexecNotStarted, "kexec.not-started", "the deployed kernel was not started from the RAM disk; the firmware starts the machine"},
    {K::KexecStarted, "kexec.started", "the deployed kernel was started from the RAM disk"},
    {K::NodeAdopted, "node.adopted", "a running machine was taken over without a deployment"},
    {K::NodeChanged, "node.changed", "an operator changed a node"},
    {K::NodeDeleted, "node.deleted", "an operator deleted a node"},
    {K::NodeEnrolled, "node.enrolled", "an operator enrolled a node"},
    {K::NodeInspected, "node.inspected", "an inspection ended and its inventory is stored"},
    {K::NodeMaintenance, "node.maintenance", "an operator put a node into maintenance"},
    {K::NodeMaintenanceEnded, "node.maintenance-ended", "an operator ended a node's maintenance"},
    {K::NodeNmi, "node.nmi", "an operator sent a non-maskable interrupt to a node"},
    {K::OperationAborted, "operation.aborted", "an operation was aborted"},
    {K::OperationDone, "operation.done", "an operation ended well"},
    {K::OperationFailed, "operation.failed", "an operation failed; the message and details say why"},
    {K::OperationQueued, "operation.queued", "an operation waits for its turn"},
    {K::OperationResumed, "operation.resumed", "bmd started again and continues an operation from its stored step"},
    {K::OperationReturning, "operation.returning", "an operation failed and first brings the running machine back"},
    {K::OperationStarted, "operation.started", "an operation began"},
    {K::PortChanged, "port.changed", "an operator changed a port"},
    {K::PortCreated, "port.created", "an operator created a port"},
    {K::PortDeleted, "port.deleted", "an operator deleted a port"},
    {K::PortgroupChanged, "portgroup.changed", "an operator changed a port group"},
    {K::PortgroupCreated, "portgroup.created", "an operator created a port group"},
    {K::PortgroupDeleted, "portgroup.deleted", "an operator deleted a port group"},
    {K::PowerOff, "power.off", "a machine is powered off"},
    {K::PowerOn, "power.on", "a machine is powered on"},
    {K::PowerSoftOffIgnored, "power.soft-off-ignored", "a machine did not follow a soft power-off; bmd switches it off hard"},
    {K::PowerUnknown, "power.unknown", "the BMC did not answer three polls in a row"},
    {K::RamdiskPrepared, "ramdisk.prepared", "the files of a RAM-disk deployment are ready to be fetched"},
    {K::RamdiskStarted, "ramdisk.started", "a machine fetched its RAM disk whole"},
    {K::RelayLeft, "relay.left", "an agent left a source of its copy; the message names source and reason"},
    {K::RolloutAborted, "rollout.aborted", "a rollout was aborted and its last operation ended"},
    {K::RolloutAborting, "rollout.aborting", "an operator aborts a rollout; operations at work end first"},
    {K::RolloutDeleted, "rollout.deleted", "an operator deleted a rollout"},
    {K::RolloutDone, "rollout.done", "a rollout ended and no node failed"},
    {K::RolloutFailed, "rollout.failed", "a rollout ended with failed nodes; the message counts them"},
    {K::RolloutNodeAborted, "rollout.node.aborted", "a node's part of a rollout was aborted"},
    {K::RolloutNodeChecking, "rollout.node.checking", "a rollout asks a node's health gate"},
    {K::RolloutNodeDone, "rollout.node.done", "a node's part of a rollout ended well"},
    {K::RolloutNodeDraining, "rollout.node.draining", "a rollout asks a node's drain gate"},
    {K::RolloutNodeFailed, "rollout.node.failed", "a node's part of a rollout failed"},
    {K::RolloutNodePending, "rollout.node.pending", "a node waits for its wave and a free place"},
    {K::RolloutNodePhonedHome, "rollout.node.phoned_home", "a deployed system called its phone-home address"},
    {K::RolloutNodePlanned, "rollout.node.planned", "a node is back in the plan of a rollout"},
    {K::RolloutNodeRestoring, "rollout.node.restoring", "a rollout writes a node's previous image back"},
    {K::RolloutNodeRetrying, "rollout.node.retrying", "a node failed and waits for its next attempt"},
    {K::RolloutNodeSkipped, "rollout.node.skipped", "a rollout skips a node; the message says why"},
    {K::RolloutNodeWorking, "rollout.node.working", "a rollout's operation on a node is at work"},
    {K::RolloutPaused, "rollout.paused", "a rollout was paused, by an operator or because its budget of failures is used up"},
    {K::RolloutPlanned, "rollout.planned", "a rollout was planned"},
    {K::RolloutProgress, "rollout.progress", "a running rollout's counts"},
    {K::RolloutResumed, "rollout.resumed", "an operator resumed a paused rollout"},
    {K::RolloutRetried, "rollout.retried", "an operator ordered another attempt for the failed nodes of a rollout"},
    {K::RolloutStarted, "rollout.started", "a rollout was started"},
    {K::RolloutWave, "rollout.wave", "a rollout began its next wave"},
    {K::RunbookChanged, "runbook.changed", "an operator changed a runbook"},
    {K::RunbookCreated, "runbook.created", "an operator created a runbook"},
    {K::RunbookDeleted, "runbook.deleted", "an operator deleted a runbook"},
    {K::ScheduleChanged, "schedule.changed", "an operator changed a schedule"},
    {K::ScheduleCreated, "schedule.created", "an operator created a schedule"},
    {K::ScheduleDeleted, "schedule.deleted", "an operator deleted a schedule"},
    {K::ScheduleEnded, "schedule.ended", "a schedule's run ended"},
    {K::SchedulePaused, "schedule.paused", "an operator paused a schedule"},
    {K::ScheduleResumed, "schedule.resumed", "an operator resumed a schedule"},
    {K::ScheduleSkipped, "schedule.skipped", "a schedule skipped a due run; the message says why"},
    {K::ScheduleStarted, "schedule.started", "a schedule started a rollout"},
    {K::StateChanged, "state.changed", "a node's provision state changed"},
    {K::StepDone, "step.done", "a step ended well"},
    {K::StepHeld, "step.held", "a step waits until an operator releases it"},
    {K::StepStarted, "step.started", "a step began"},
    {K::TftpNak, "tftp.nak", "the TFTP server refused a file"},
    {K::TftpRead, "tftp.read", "a machine fetched a file by TFTP"},
    {K::TreeWritten, "tree.written", "the agent copied a tree and read it back"},
    {K::VolumeConnectorChanged, "volume-connector.changed", "an operator changed a volume connector"},
    {K::VolumeConnectorCreated, "volume-connector.created", "an operator created a volume connector"},
    {K::VolumeConnectorDeleted, "volume-connector.deleted", "an operator deleted a volume connector"},
    {K::VolumeTargetChanged, "volume-target.changed", "an operator changed a volume target"},
    {K::VolumeTargetCreated, "volume-target.created", "an operator created a volume target"},
    {K::VolumeTargetDeleted, "volume-target.deleted", "an operator deleted a volume target"},
    {K::WebhookTest, "webhook.test", "an operator tests a webhook"},
});
// clang-format on

constexpr auto kAliases = std::to_array<EventKindAlias>({
    {"boot.spared", K::BootFastTrack},
});

constexpr bool inOrder()
{
    for (std::size_t i = 0; i < kKinds.size(); ++i)
        if (static_cast<std::size_t>(kKinds[i].kind) != i ||
            (i > 0 && !(kKinds[i - 1].text < kKinds[i].text)))
            return false;
    return true;
}
static_assert(inOrder(), "the rows stand in the order of the enumerators and of their texts");

} // namespace

std::span<const EventKindRow> eventKinds() noexcept
{
    return kKinds;
}

std::span<const EventKindAlias> eventKindAliases() noexcept
{
    return kAliases;
}

std::string_view toText(EventKind kind) noexcept
{
    return kKinds[static_cast<std::size_t>(kind)].text;
}

std::optional<EventKind> eventKindFromText(std::string_view text) noexcept
{
    const auto row = std::ranges::lower_bound(kKinds, text, {}, &EventKindRow::text);
    if (row != kKinds.end() && row->text == text)
        return row->kind;
    const auto alias = std::ranges::find(kAliases, text, &EventKindAlias::old);
    return alias == kAliases.end() ? std::nullopt : std::optional(alias->kind);
}

std::vector<std::string_view> sameEventKind(std::string_view text)
{
    const std::optional<EventKind> kind = eventKindFromText(text);
    if (!kind)
        return {text};
    std::vector<std::string_view> texts{toText(*kind)};
    for (const EventKindAlias& alias : kAliases)
        if (alias.kind == *kind)
            texts.push_back(alias.old);
    return texts;
}

} // namespace bm::model

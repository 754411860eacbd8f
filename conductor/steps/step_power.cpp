// Power and boot device: each step orders, then waits until the BMC reports it; each may be repeated.
#include "common/wire/json/json_input.h"
#include "common/wire/json/stored_json.h"
#include "common/wire/steps/disk_parts.h"
#include "conductor/core/nodes.h"
#include "conductor/images/ramdisk_deployment.h"
#include "conductor/steps/step_handlers.h"
#include "conductor/steps/step_support.h"

namespace bm::conductor {

using model::PowerAction;
using model::PowerState;
using model::PowerTarget;

namespace {

model::StepResult setBootDevice(StepWork& work, model::BootDevice device, bool persistent)
{
    const std::shared_ptr<drivers::BootControl>& control =
        hardwareOf(work.context, work.node).standard("management").boot;
    if (!control) // the machine's firmware decides
        return model::Done{};
    return withPatience(work, work.context.settings.powerTimeout, [&]() -> model::StepResult {
        const drivers::BmcAccess bmc = bmcAccess(work.context, work.node);
        drivers::BootRequest request;
        request.device = device;
        request.persistent = persistent;
        request.efi = bootModeOf(work.context, work.node) == model::BootMode::Uefi;
        control->setBootDevice(bmc, request, work.callDeadline);
        work.recordEvent(model::EventKind::BootDevice, std::string(model::toText(device)) +
                                                           (persistent ? ", permanently" : ", once") +
                                                           (request.efi ? ", UEFI" : ", BIOS"));
        return model::Done{};
    });
}

/// True if the agent made boot entries that start the deployed disk.
bool hasBootEntries(const model::Node& node)
{
    const nlohmann::json internal = wire::valueOf(node.driverInternalInfo);
    if (!internal.contains("boot"))
        return false;
    const auto boot = wire::fromJsonValue<wire::BootReport>(internal.at("boot"), "boot");
    return boot.entries && !boot.entries->empty() && boot.trouble.empty();
}

/// An agent that is already up takes the next operation without another boot.
bool isFastTracked(const StepWork& work)
{
    return agentIsUp(agentRecord(work));
}

/// True if bm switches nothing for this boot of the RAM disk.
bool needsNoPower(const StepWork& work)
{
    return isFastTracked(work) || bootsByHand(work);
}

/// A node with disable_power_off is reset where others are switched off and on again.
bool powerOffDisabled(const StepWork& work)
{
    return work.node.disablePowerOff;
}

model::StepResult start(StepWork& work)
{
    const std::chrono::milliseconds timeout = work.context.settings.powerTimeout;
    return powerOffDisabled(work) ? restart(work, timeout)
                                  : reachPower(work, PowerAction::On, PowerState::On, timeout);
}

model::StepResult softOff(StepWork& work)
{
    const std::chrono::milliseconds grace = work.context.settings.softOffTimeout;
    if (work.age() < grace)
        return reachPower(work, PowerAction::SoftOff, PowerState::Off,
                          grace + work.context.settings.powerTimeout);
    if (work.step.message != "soft off was not followed: hard off") {
        work.step.message = "soft off was not followed: hard off";
        work.step.result = {};
        work.recordEvent(model::EventKind::PowerSoftOffIgnored,
                         "the machine did not follow a soft off within " +
                             std::to_string(grace.count() / 1000) + " s; switching it off");
    }
    return reachPower(work, PowerAction::Off, PowerState::Off, grace + work.context.settings.powerTimeout);
}

} // namespace

model::StepResult stepPowerOff(StepWork& work)
{
    if (needsNoPower(work) || powerOffDisabled(work)) // stepPowerOn resets it
        return model::Done{};
    return reachPower(work, PowerAction::Off, PowerState::Off, work.context.settings.powerTimeout);
}

/// A soft shutdown lets a running system write its data and unmount its file systems. bm switches off a
/// system that does not shut down.
model::StepResult stepShutDown(StepWork& work)
{
    if (isFastTracked(work) || powerOffDisabled(work))
        return model::Done{};
    return softOff(work);
}

model::StepResult stepPowerOn(StepWork& work)
{
    if (needsNoPower(work))
        return model::Done{};
    return start(work);
}

model::StepResult stepPowerOffWritten(StepWork& work)
{
    if (startedByKexec(work) || powerOffDisabled(work)) // stepPowerOnDeployed resets it
        return model::Done{};
    return reachPower(work, PowerAction::Off, PowerState::Off, work.context.settings.powerTimeout);
}

model::StepResult stepPowerOnDeployed(StepWork& work)
{
    if (startedByKexec(work))
        return model::Done{};
    return start(work);
}

model::StepResult stepBootDevicePxe(StepWork& work)
{
    if (needsNoPower(work))
        return model::Done{};
    return setBootDevice(work, model::BootDevice::Pxe, false);
}

/// The boot entries of some machines do not survive a boot device that the BMC sets: there the entries
/// decide.
model::StepResult stepBootDeviceDisk(StepWork& work)
{
    const std::shared_ptr<drivers::BootControl>& control =
        hardwareOf(work.context, work.node).standard("management").boot;
    if (!control || bootModeOf(work.context, work.node) != model::BootMode::Uefi ||
        !hasBootEntries(work.node))
        return setBootDevice(work, model::BootDevice::Disk, true);
    bool entriesDecide = false;
    model::StepResult asked =
        withPatience(work, work.context.settings.powerTimeout, [&]() -> model::StepResult {
            entriesDecide = control->undoesBootEntries(bmcAccess(work.context, work.node), work.callDeadline);
            return model::Done{};
        });
    if (!std::holds_alternative<model::Done>(asked))
        return asked;
    if (!entriesDecide)
        return setBootDevice(work, model::BootDevice::Disk, true);
    work.recordEvent(model::EventKind::BootDevice,
                     "not set: the machine's firmware would undo the new boot entry, which starts the disk");
    return model::Done{};
}

/// Persistent: the machine fetches its RAM disk at every start. Fetches before the power-on do not count.
model::StepResult stepBootDeviceRamdisk(StepWork& work)
{
    work.changeNode([](model::Node& node) {
        std::optional<RamdiskDeployment> deployment = ramdiskDeploymentOf(node);
        if (deployment)
            deployment->script = deployment->kernel = deployment->initrd = false;
        setRamdiskDeployment(node, deployment);
    });
    return setBootDevice(work, model::BootDevice::Pxe, true);
}

model::StepResult stepEndCleaning(StepWork& work)
{
    if (work.operation.then.text != "[]")
        return model::Done{}; // the deployment that follows takes the agent over
    stepEndBoot(work);
    if (powerOffDisabled(work)) // ends the agent and starts its own system
        return restart(work, work.context.settings.powerTimeout);
    return reachPower(work, PowerAction::Off, PowerState::Off, work.context.settings.powerTimeout);
}

namespace {

model::StepResult switchPower(StepWork& work, PowerTarget target, std::chrono::milliseconds timeout)
{
    nlohmann::json progress = wire::valueOf(work.step.result);
    if (powerOffDisabled(work) && (target == PowerTarget::Reboot || target == PowerTarget::SoftReboot))
        return restart(work, timeout);
    switch (target) {
    case PowerTarget::On:
        return reachPower(work, PowerAction::On, PowerState::On, timeout);
    case PowerTarget::Off:
        return reachPower(work, PowerAction::Off, PowerState::Off, timeout);
    case PowerTarget::SoftOff:
        return softOff(work);
    case PowerTarget::Reboot:
    case PowerTarget::SoftReboot:
        break;
    }
    if (!progress.value("was_off", false)) {
        model::StepResult off = target == PowerTarget::SoftReboot
                                    ? softOff(work)
                                    : reachPower(work, PowerAction::Off, PowerState::Off, timeout);
        if (!std::holds_alternative<model::Done>(off))
            return off;
        work.step.result = model::JsonText{R"({"was_off":true})"}; // stored before it is switched on again
        return model::Again{std::chrono::milliseconds{0}};
    }
    return reachPower(work, PowerAction::On, PowerState::On,
                      timeout * 2 + (target == PowerTarget::SoftReboot ? work.context.settings.softOffTimeout
                                                                       : timeout * 0));
}

} // namespace

model::StepResult stepSetPower(StepWork& work)
{
    const auto& order = wire::orderOf<wire::PowerOrder>(work.request);
    const PowerTarget target = model::powerTargetFromText(order.target).value_or(PowerTarget::On);
    const std::chrono::milliseconds timeout =
        order.timeoutMs ? std::chrono::milliseconds{*order.timeoutMs} : work.context.settings.powerTimeout;
    model::StepResult result = switchPower(work, target, timeout);
    const bool unforeseen = work.node.targetPower.empty(); // the stored state was the requested one already
    if (unforeseen && !std::holds_alternative<model::Done>(result))
        work.changeNode([target](model::Node& node) { expectPower(node, target); });
    return result;
}

} // namespace bm::conductor

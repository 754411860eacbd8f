// Starting the RAM disk, and the steps of its agent.
#include "common/wire/json/json_input.h"
#include "common/wire/json/stored_json.h"
#include "common/wire/steps/write_image.h"
#include "conductor/core/boot_window.h"
#include "conductor/core/node_disks.h"
#include "conductor/core/nodes.h"
#include "conductor/steps/agent_side.h"
#include "conductor/steps/disk_choice.h"
#include "conductor/steps/image_copy_step.h"
#include "conductor/steps/step_handlers.h"
#include "conductor/steps/step_support.h"

#include <algorithm>
#include <memory>

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::milliseconds kFastTrackFreshness{30'000};

void storeRecord(StepWork& work, db::AgentRecord record)
{
    work.writes.emplace_back([record = std::move(record), &context = work.context](db::Transaction& tx) {
        db::AgentRepository{}.store(tx, record);
        tx.afterCommit(context.hostsChanged);
    });
}

/// The record without the secret and token of the last boot.
db::AgentRecord forgotten(const db::AgentRecord& record)
{
    db::AgentRecord kept;
    kept.node = record.node;
    return kept;
}

/// Copies the agent's latest inventory to the node: CPU, memory, disk size, boot mode.
void rememberInventory(StepWork& work, const model::JsonText& known)
{
    const auto latest = std::make_shared<model::JsonText>(known);
    work.writes.emplace_back([latest, id = work.node.id](db::Transaction& tx) { // before the node's changes
        if (const auto record = db::AgentRepository{}.find(tx, id); record && record->inventory.text != "{}")
            *latest = record->inventory;
    });
    work.changeNode([latest](model::Node& node) {
        const json inventory = wire::valueOf(*latest);
        if (const std::string firmware = wire::textMember(inventory, "firmware"); !firmware.empty())
            node.bootMode = firmware;
        json properties = wire::valueOf(node.properties);
        if (inventory.contains("cpus"))
            properties["cpus"] = inventory.at("cpus");
        if (inventory.contains("memory_mb"))
            properties["memory_mb"] = inventory.at("memory_mb");
        if (const std::string arch = wire::textMember(inventory, "cpu_arch"); !arch.empty())
            properties["cpu_arch"] = arch;
        node.properties = wire::canonical(properties);
        keepInventory(node, *latest);
    });
}

model::JsonText writeArguments(const StepWork& work, const model::Image& image)
{
    const auto& order = wire::orderOf<wire::DeployOrder>(work.request);
    return wire::toJson(
        wire::WriteImageArguments{.image = imageOfStore(work, image),
                                  .disk = diskChoice(work),
                                  .copy = static_cast<const wire::CopyOptions&>(order.options),
                                  .configDriveUrl = configDriveUrl(work)});
}

constexpr std::chrono::minutes kHandPause{5}; ///< between checks whether the BMC answers again

/// Switches off a machine that restarted by itself: the window opens only after that, so that the machine
/// which bm starts uses it. Where bm cannot switch, the step waits for `bm node reboot-ok`.
model::StepResult stopRestarted(StepWork& work)
{
    const model::JsonText before = work.step.result;
    const std::chrono::milliseconds timeout = work.context.settings.powerTimeout;
    if (before.text == kRebootOk)
        return model::Done{};
    const bool waits = awaitsReboot(work.step);
    try {
        if (waits) {
            observePower(work);
            work.step.startedAt = work.context.clock.now(); // the BMC answers: bm switches it as at first
        }
        if (!work.node.disablePowerOff)
            return reachPower(work, model::PowerAction::Off, model::PowerState::Off, timeout);
        return withPatience(work, timeout, [&]() -> model::StepResult { // stepPowerOn resets it
            observePower(work);
            return model::Done{};
        });
    } catch (const Error& error) {
        if (error.code() == ErrorCode::Aborted) // bmd stops
            throw;
        const std::string name = work.node.name.empty() ? work.node.id.uuid : work.node.name;
        work.step.result = before;
        work.step.message =
            "bm cannot switch the machine's power; restart it, then: bm node reboot-ok " + name;
        if (!waits)
            work.recordEvent(model::EventKind::BootRebootWanted,
                             work.step.message + " (" + error.message() + ")");
        return model::AwaitAgent{work.context.clock.now() + kHandPause};
    }
}

/// True if the machine has not restarted after all: its agent calls again, and bm has not switched it off.
bool hasReturned(const StepWork& work, const db::AgentRecord& record)
{
    return agentIsUp(record) && work.step.result.text == "{}" &&
           !hasRestarted(record, work.context.settings, work.context.clock.now());
}

} // namespace

model::StepResult stepExpectBoot(StepWork& work)
{
    db::AgentRecord record = agentRecord(work);
    const model::UtcTime now = work.context.clock.now();
    const bool again = work.step.attempts > 1; // the machine restarted during this operation
    const bool returned = again && hasReturned(work, record);
    if (again && !returned)
        if (const model::StepResult stopped = stopRestarted(work);
            !std::holds_alternative<model::Done>(stopped))
            return stopped;
    const bool fresh = agentIsUp(record) && now - *record.lastContactAt <= kFastTrackFreshness;
    const bool fastTrack = returned || (!again && work.context.settings.fastTrack && fresh);
    if (fastTrack) {
        work.recordEvent(model::EventKind::BootFastTrack, "the agent is up already: bm skips the boot");
    } else {
        record = forgotten(record);
    }
    record.bootExpectedUntil = now + work.context.settings.callbackTimeout;
    storeRecord(work, record);
    return model::Done{};
}

model::StepResult stepAwaitAgent(StepWork& work)
{
    const db::AgentRecord record = agentRecord(work);
    if (agentIsUp(record) && record.inventory.text != "{}") {
        rememberInventory(work, record.inventory);
        return model::Done{};
    }
    return agentSideOf(work).awaitContact(work);
}

model::StepResult stepEraseMetadata(StepWork& work)
{
    return agentSideOf(work).awaitReport(work, work.context.settings.writeTimeout);
}

model::StepResult stepWriteImage(StepWork& work)
{
    const auto bytes = [](const model::Image& image) { return static_cast<std::int64_t>(image.sizeBytes); };
    return copyImage(work, {model::EventKind::ImageWritten, bytes, writeArguments});
}

model::StepResult stepEndBoot(StepWork& work)
{
    storeRecord(work, forgotten(agentRecord(work)));
    return model::Done{};
}

} // namespace bm::conductor

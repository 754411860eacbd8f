// fake-hardware's side of a RAM disk boot and of the agent's steps.
#include "common/text/text.h"
#include "common/wire/json/json_input.h"
#include "common/wire/json/stored_json.h"
#include "conductor/core/node_disks.h"
#include "conductor/core/nodes.h"
#include "conductor/steps/agent_side.h"
#include "conductor/steps/captures.h"
#include "conductor/steps/step_support.h"
#include "images/blocks/block_record.h"
#include "images/blocks/block_writer.h"

#include <algorithm>
#include <array>
#include <sstream>

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::milliseconds kPoll{250};

json simulatedDisk(const StepWork& work)
{
    return {{"name", "/dev/vda"},
            {"size_bytes", std::int64_t{64} << 30U},
            {"serial", "SIM" + work.node.id.uuid.substr(0, 8)},
            {"wwn", "0x5000" + work.node.id.uuid.substr(24)},
            {"model", "Simulated"}};
}

std::chrono::milliseconds fakeDelay(const StepWork& work, const std::string& key,
                                    std::chrono::milliseconds fallback)
{
    const std::string text = wire::textMember(wire::valueOf(work.node.driverInfo), key);
    if (text.empty())
        return fallback;
    constexpr double kMost = 1e9;
    const std::optional<double> value = text::parseNumber<double>(text);
    if (!value || !(*value >= 0 && *value <= kMost)) // also for NaN
        throw Error(ErrorCode::InvalidInput,
                    "driver_info/" + key + ": expected seconds, got \"" + text.substr(0, 40) + "\"");
    return std::chrono::milliseconds{static_cast<std::int64_t>(*value * 1000.0)};
}

model::StepResult waitFor(const StepWork& work, std::chrono::milliseconds delay)
{
    const std::chrono::milliseconds left = delay - work.age();
    if (left > 0ms)
        return model::Again{std::min(left, kPoll)};
    return model::Done{};
}

void throwFault(const StepWork& work, const std::string& key)
{
    const std::string fault = wire::textMember(wire::valueOf(work.node.driverInfo), key);
    if (!fault.empty())
        throw Error(model::errorCodeFromText(fault).value_or(ErrorCode::AgentFailed),
                    "simulated fault (driver_info/" + key + ")",
                    "clear it: bm node set NODE driver_info/" + key + "=");
}

model::StepResult simulateContact(StepWork& work)
{
    const model::StepResult waited = waitFor(work, fakeDelay(work, "fake_agent_delay", 0ms));
    if (!std::holds_alternative<model::Done>(waited))
        return waited;
    const json inventory = {{"cpus", 8},
                            {"memory_mb", 16384},
                            {"cpu_arch", "x86_64"},
                            {"firmware", "uefi"},
                            {"disks", json::array({simulatedDisk(work)})}};
    db::AgentRecord record = agentRecord(work);
    record.nonceHash = "simulated";
    record.lastContactAt = work.context.clock.now();
    record.inventory = wire::canonical(inventory);
    work.writes.emplace_back([record](db::Transaction& tx) { db::AgentRepository{}.store(tx, record); });
    work.recordEvent(model::EventKind::AgentContact, "the simulated agent is up");
    work.changeNode([inventory](model::Node& node) {
        node.bootMode = "uefi";
        json internal = wire::valueOf(node.driverInternalInfo);
        internal["inventory"] = inventory;
        node.driverInternalInfo = wire::canonical(internal);
    });
    return model::Done{};
}

model::StepResult simulateRamdisk(StepWork& work)
{
    const model::StepResult waited = waitFor(work, fakeDelay(work, "fake_agent_delay", 0ms));
    if (std::holds_alternative<model::Done>(waited))
        work.recordEvent(model::EventKind::HttpRamdisk,
                         "the simulated machine has fetched kernel and initrd");
    return waited;
}

model::StepResult simulateErase(StepWork& work)
{
    throwFault(work, "fake_erase_fault");
    return waitFor(work, fakeDelay(work, "fake_erase_delay", 0ms));
}

/// @throws Error DiskNotFound when the node skips its only disk
void refuseSkippedDisk(const StepWork& work)
{
    std::vector<wire::Disk> disks =
        wire::inventoryFromJson(json{{"disks", json::array({simulatedDisk(work)})}}.dump()).disks;
    wire::applySkips(disks, wire::skipListFrom(diskRulesOf(work.node, work.context.settings).skip.text));
    if (disks.front().skipped)
        wire::pickRootDevice(disks, {}, wire::RootDevicePolicy::Single);
}

model::StepResult simulateWrite(StepWork& work)
{
    refuseSkippedDisk(work);
    const std::chrono::milliseconds delay = fakeDelay(work, "fake_write_delay", 0ms);
    if (delay > 0ms)
        work.step.bytesDone =
            std::min(work.step.bytesTotal, work.step.bytesTotal / delay.count() * work.age().count());
    const model::StepResult waited = waitFor(work, delay);
    if (!std::holds_alternative<model::Done>(waited)) {
        if (work.age() > delay / 2)
            throwFault(work, "fake_write_fault");
        return waited;
    }
    throwFault(work, "fake_write_fault");
    work.step.bytesDone = work.step.bytesTotal;
    work.writes.emplace_back(
        [&meters = work.context.meters, bytes = work.step.bytesTotal](db::Transaction& tx) {
            tx.afterCommit([&meters, bytes] { meters.written(0, bytes); });
        });
    work.step.result =
        wire::canonical({{"disk", simulatedDisk(work)}, {"bytes_written", work.step.bytesTotal}});
    return waited;
}

/// The records of a disk of @p sizeBytes that begins with @p text.
std::string recordsOf(const std::string& text, std::uint64_t sizeBytes)
{
    std::string out;
    images::BlockWriter writer(
        [&](const images::BlockEntry& entry, std::span<const std::byte> frame) {
            images::appendRecord(out, entry, frame);
        },
        {.threads = 1});
    writer.write(std::as_bytes(std::span(text)));
    writer.skip(sizeBytes - text.size());
    writer.finish();
    return out;
}

model::StepResult simulateCapture(StepWork& work)
{
    constexpr std::uint64_t kDiskBytes = std::uint64_t{4} << 20U;
    throwFault(work, "fake_capture_fault");
    const model::StepResult waited = waitFor(work, fakeDelay(work, "fake_capture_delay", 0ms));
    if (!std::holds_alternative<model::Done>(waited))
        return waited;
    Captures captures(work.context);
    const images::CaptureState begun = captures.open(work.node.id, kDiskBytes);
    if (begun.blocks == 0) {
        std::istringstream body(recordsOf("simulated disk of " + work.node.id.uuid, kDiskBytes));
        captures.append(work.node.id, 0, body);
    }
    const model::Image image = captures.finish(work.node.id);
    work.step.bytesDone = work.step.bytesTotal = static_cast<std::int64_t>(image.sizeBytes);
    work.step.result = wire::canonical({{"disk", simulatedDisk(work)}, {"content_id", image.contentId}});
    return waited;
}

model::StepResult simulateVerify(StepWork& work)
{
    throwFault(work, "fake_verify_fault");
    const model::StepResult waited = waitFor(work, fakeDelay(work, "fake_verify_delay", 0ms));
    if (!std::holds_alternative<model::Done>(waited))
        return waited;
    const auto blockBytes = static_cast<std::int64_t>(images::kBlockBytes);
    const std::int64_t blocks = (work.step.bytesTotal + blockBytes - 1) / blockBytes;
    const std::int64_t changed = std::min(blocks, fakeDelay(work, "fake_changed_blocks", 0ms) / 1s);
    work.step.bytesDone = work.step.bytesTotal;
    work.step.result = wire::canonical({{"disk", simulatedDisk(work)},
                                        {"blocks", blocks},
                                        {"blocks_changed", changed},
                                        {"partitions", json::array()}});
    return waited;
}

/// "agent-failed", or for one step only: "burnin_cpu:agent-failed".
void throwStepFault(const StepWork& work)
{
    const std::string fault = wire::textMember(wire::valueOf(work.node.driverInfo), "fake_step_fault");
    const std::size_t colon = fault.find(':');
    const std::string code = colon == std::string::npos ? fault : fault.substr(colon + 1);
    if (fault.empty() || (colon != std::string::npos && fault.substr(0, colon) != work.step.name))
        return;
    throw Error(model::errorCodeFromText(code).value_or(ErrorCode::AgentFailed),
                "simulated fault (driver_info/fake_step_fault)",
                "clear it: bm node set NODE driver_info/fake_step_fault=");
}

/// As mdadm reports it.
json simulatedRaid(const json& target)
{
    json disks = json::array();
    for (json disk : target.value("logical_disks", json::array())) {
        disk["name"] = "/dev/md" + std::to_string(disks.size());
        disk["controller"] = "software";
        disks.push_back(std::move(disk));
    }
    return {{"logical_disks", disks}};
}

model::StepResult simulateStep(StepWork& work)
{
    throwStepFault(work);
    const model::StepResult waited = waitFor(work, fakeDelay(work, "fake_step_delay", 0ms));
    if (!std::holds_alternative<model::Done>(waited))
        return waited;
    if (work.step.name == "raid_create_configuration")
        work.step.result = wire::canonical(
            {{"raid_config",
              simulatedRaid(
                  wire::valueOf(work.step.arguments).value("target_raid_config", json::object()))}});
    return waited;
}

model::StepResult simulateInspection(StepWork& work)
{
    const model::StepResult waited = simulateStep(work);
    if (!std::holds_alternative<model::Done>(waited))
        return waited;
    constexpr std::int64_t kMemoryMib = 16384;
    const json disk = simulatedDisk(work);
    const json inventory = {{"cpu",
                             {{"count", 8},
                              {"architecture", "x86_64"},
                              {"model_name", "Simulated"},
                              {"frequency", "2400"},
                              {"flags", json::array()}}},
                            {"memory", {{"physical_mb", kMemoryMib}, {"total", kMemoryMib << 20}}},
                            {"disks", json::array({{{"name", disk.at("name")},
                                                    {"size", disk.at("size_bytes")},
                                                    {"serial", disk.at("serial")},
                                                    {"wwn", disk.at("wwn")},
                                                    {"model", disk.at("model")},
                                                    {"rotational", false}}})},
                            {"interfaces", json::array()},
                            {"bmc_address", nullptr},
                            {"system_vendor",
                             {{"manufacturer", "bm"},
                              {"product_name", "Simulated"},
                              {"serial_number", disk.at("serial")},
                              {"firmware", {{"vendor", "bm"}, {"version", "1"}, {"build_date", nullptr}}}}},
                            {"boot", {{"current_boot_mode", "uefi"}, {"pxe_interface", nullptr}}},
                            {"hostname", work.node.name}};
    work.step.result = wire::canonical({{"inventory", inventory}});
    return waited;
}

struct Simulation {
    std::string_view step;
    model::StepResult (*run)(StepWork& work);
};
/// Steps with settings of their own; any other one is simulateStep's.
constexpr auto kSimulations = std::to_array<Simulation>({
    {"erase_devices_metadata", simulateErase},
    {"write_image", simulateWrite},
    {"write_tree", simulateWrite},
    {"capture_disk", simulateCapture},
    {"verify_disk", simulateVerify},
    {"inspect", simulateInspection},
});

class SimulatedAgent final : public AgentSide {
public:
    model::StepResult awaitContact(StepWork& work) const override { return simulateContact(work); }
    model::StepResult awaitRamdisk(StepWork& work) const override { return simulateRamdisk(work); }
    model::StepResult awaitReport(StepWork& work, std::chrono::milliseconds /*timeout*/) const override
    {
        const auto* found = std::ranges::find(kSimulations, work.step.name, &Simulation::step);
        return found == kSimulations.end() ? simulateStep(work) : found->run(work);
    }
    bool startsKernelAtOnce() const override { return true; }
    bool switchesAtOnce() const override { return true; }
};

} // namespace

const AgentSide& simulatedAgentSide()
{
    static const SimulatedAgent side;
    return side;
}

const AgentSide& agentSideOf(const StepWork& work)
{
    const bool simulated =
        hardwareOf(work.context, work.node).simulated &&
        wire::textMember(wire::valueOf(work.node.driverInfo), "fake_agent_delay") != "never";
    return simulated ? simulatedAgentSide() : realAgentSide();
}

} // namespace bm::conductor

#include "conductor/simulated_agent.h"

#include "conductor/json_values.h"
#include "conductor/step_support.h"

#include <algorithm>

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::milliseconds kLook{250};

json simulatedDisk(const StepWork& work)
{
    return {{"name", "/dev/vda"},
            {"size_bytes", std::int64_t{64} << 30U},
            {"serial", "SIM" + work.node.id.uuid.substr(0, 8)},
            {"wwn", "0x5000" + work.node.id.uuid.substr(24)},
            {"model", "Simulated"}};
}

model::StepResult waitFor(const StepWork& work, std::chrono::milliseconds delay)
{
    const std::chrono::milliseconds left = delay - work.age();
    if (left > 0ms)
        return model::Again{std::min(left, kLook)};
    return model::Done{};
}

void throwFault(const StepWork& work, const std::string& key)
{
    const std::string fault = textMember(valueOf(work.node.driverInfo), key);
    if (!fault.empty())
        throw Error(model::errorCodeFromText(fault).value_or(ErrorCode::AgentFailed),
                    "simulated fault (driver_info/" + key + ")",
                    "clear it: bm node set NODE driver_info/" + key + "=");
}

} // namespace

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
    record.inventory = textOf(inventory);
    work.writes.emplace_back([record](db::Transaction& tx) { db::AgentRepository{}.store(tx, record); });
    work.event("agent.contact", "the simulated agent is up");
    work.changeNode([inventory](model::Node& node) {
        node.bootMode = "uefi";
        json internal = valueOf(node.driverInternalInfo);
        internal["inventory"] = inventory;
        node.driverInternalInfo = textOf(internal);
    });
    return model::Done{};
}

model::StepResult simulateErase(StepWork& work)
{
    throwFault(work, "fake_erase_fault");
    return waitFor(work, fakeDelay(work, "fake_erase_delay", 0ms));
}

model::StepResult simulateWrite(StepWork& work)
{
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
    work.context.meters.written(0, work.step.bytesTotal);
    work.step.bytesDone = work.step.bytesTotal;
    work.step.result = textOf({{"disk", simulatedDisk(work)}, {"bytes_written", work.step.bytesTotal}});
    return waited;
}

} // namespace bm::conductor

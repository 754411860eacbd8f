// The deployed kernel started from the RAM disk, without a second start of the firmware (docs/adr/0051).
#include "common/model/step_kinds.h"
#include "common/wire/json/json_input.h"
#include "common/wire/json/stored_json.h"
#include "common/wire/steps/start_kernel.h"
#include "conductor/steps/agent_side.h"
#include "conductor/steps/disk_choice.h"
#include "conductor/steps/step_handlers.h"
#include "conductor/steps/step_support.h"

#include <algorithm>

namespace bm::conductor {

using nlohmann::json;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::milliseconds kLoadTimeout = 3min;
constexpr std::chrono::milliseconds kSilence = 8s; ///< a running agent reports every two seconds
constexpr std::chrono::milliseconds kJumpTimeout = 1min;

/// The firmware starts the system instead; the deployment does not fail.
model::StepResult leaveToFirmware(StepWork& work, const std::string& why)
{
    work.recordEvent(model::EventKind::KexecNotStarted, "the firmware starts the machine instead: " + why);
    json result = wire::valueOf(work.step.result);
    result["started"] = false;
    work.step.result = wire::canonical(result);
    work.step.message = why;
    work.step.errorCode.clear();
    work.step.errorMessage.clear();
    work.step.errorHint.clear();
    return model::Done{};
}

model::StepResult started(StepWork& work, json result)
{
    const auto loaded = wire::fromJsonValue<wire::StartKernelResult>(result, "result");
    result["started"] = true;
    work.recordEvent(model::EventKind::KexecStarted,
                     "the deployed kernel " + loaded.kernel.value_or("") +
                         " was started from the RAM disk: " + loaded.arguments.value_or(""));
    work.step.result = wire::canonical(result);
    return model::Done{};
}

/// Waits for the agent to fall silent after its report; an agent that still answers did not start the kernel.
model::StepResult awaitSilence(StepWork& work, json result)
{
    const model::UtcTime now = work.context.clock.now();
    const std::int64_t nowMs = model::toMillis(now);
    if (nowMs < result.value("loaded_at_ms", nowMs + 1)) { // also where the clock was set back
        result["loaded_at_ms"] = nowMs;
        work.step.result = wire::canonical(result);
        work.step.message = "starting the deployed kernel";
        return model::Again{kSilence};
    }
    const std::chrono::milliseconds waited{nowMs - result.at("loaded_at_ms").get<std::int64_t>()};
    const model::UtcTime heard = std::max(agentRecord(work).lastContactAt.value_or(work.engineStart),
                                          work.engineStart); // the agent may have called while bmd was down
    if (waited >= kSilence && now - heard >= kSilence)
        return started(work, std::move(result));
    if (waited >= kJumpTimeout)
        return leaveToFirmware(work, "the agent still answers a minute after it was to leave");
    return model::Again{1s};
}

} // namespace

model::StepResult stepStartKernel(StepWork& work)
{
    json result = wire::valueOf(work.step.result);
    if (agentSideOf(work).startsKernelAtOnce())
        return started(work, std::move(result));
    if (work.step.arguments.text == "{}")
        work.step.arguments = wire::toJson(wire::StartKernelArguments{diskChoice(work)});
    if (!work.step.errorCode.empty())
        return leaveToFirmware(work, work.step.errorMessage);
    if (!result.contains("reported")) {
        if (work.age() >= kLoadTimeout)
            return leaveToFirmware(work, "the agent did not load it within three minutes");
        return model::AwaitAgent{work.step.startedAt.value_or(work.context.clock.now()) + kLoadTimeout};
    }
    const auto loaded = wire::fromJsonValue<wire::StartKernelResult>(result, "result");
    if (!loaded.loaded)
        return leaveToFirmware(work, loaded.why.value_or(""));
    return awaitSilence(work, std::move(result));
}

bool startedByKexec(const StepWork& work)
{
    return work.context.database.read([&](db::Transaction& tx) {
        const std::vector<model::Step> steps = db::OperationRepository{}.steps(tx, work.operation.id);
        return std::ranges::any_of(steps, [](const model::Step& step) {
            return step.name == model::stepKind("start_kernel").name &&
                   wire::valueOf(step.result).value("started", false);
        });
    });
}

} // namespace bm::conductor

// The agent of a machine: it reports over the network, and steps wait for its row.
#include "common/wire/json/stored_json.h"
#include "conductor/images/ramdisk_deployment.h"
#include "conductor/steps/agent_side.h"
#include "conductor/steps/step_support.h"

#include <algorithm>

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

/// The error of a RAM-disk deployment, with the last file that the machine has fetched.
Error notFetched(const StepWork& work, const std::optional<RamdiskDeployment>& deployment)
{
    const std::string within =
        " within " + std::to_string(work.context.settings.callbackTimeout / 1s) + " s of power-on";
    const std::string timeline = "see how far it came: bm node timeline " + work.node.name;
    if (!deployment || !deployment->script)
        return {ErrorCode::DeadlineExceeded, "the machine has not asked for its boot script" + within,
                timeline + "; no DHCP line means cabling, VLAN or boot order"};
    return {ErrorCode::DeadlineExceeded,
            std::string("the machine has its boot script, but has not fetched the ") +
                (deployment->kernel ? "initrd" : "kernel") + within,
            timeline + "; its console has iPXE's reason (out of memory, a link that breaks off)"};
}

class RealAgent final : public AgentSide {
public:
    model::StepResult awaitContact(StepWork& work) const override
    {
        const model::UtcTime deadline =
            work.step.startedAt.value_or(work.context.clock.now()) + work.context.settings.callbackTimeout;
        if (work.context.clock.now() >= deadline)
            throw Error(ErrorCode::DeadlineExceeded,
                        "no agent has called back within " +
                            std::to_string(work.context.settings.callbackTimeout / 1s) + " s of power-on",
                        "see how far it came: bm node timeline " + work.node.name +
                            "; no DHCP line means cabling, VLAN or boot order");
        return model::AwaitAgent{deadline};
    }

    model::StepResult awaitRamdisk(StepWork& work) const override
    {
        const std::optional<RamdiskDeployment> deployment = ramdiskDeploymentOf(work.node);
        const model::UtcTime now = work.context.clock.now();
        const model::UtcTime deadline =
            work.step.startedAt.value_or(now) + work.context.settings.callbackTimeout;
        if (!deployment || !deployment->kernel || !deployment->initrd) {
            if (now >= deadline)
                throw notFetched(work, deployment);
            return model::AwaitAgent{deadline};
        }
        return model::Done{};
    }

    model::StepResult awaitReport(StepWork& work, std::chrono::milliseconds timeout) const override
    {
        if (!work.step.errorCode.empty())
            throw Error(model::errorCodeFromText(work.step.errorCode).value_or(ErrorCode::AgentFailed),
                        work.step.errorMessage, work.step.errorHint);
        const json result = wire::valueOf(work.step.result);
        if (result.contains("reported"))
            return model::Done{};
        const model::UtcTime now = work.context.clock.now();
        const model::UtcTime end = work.step.startedAt.value_or(now) + timeout;
        const db::AgentRecord record = agentRecord(work);
        const model::UtcTime heard = std::max({record.lastContactAt.value_or(work.engineStart),
                                               work.engineStart, work.step.startedAt.value_or(now)});
        const model::UtcTime silent = heard + work.context.settings.agentSilence;
        if (now >= silent)
            throw Error(ErrorCode::AgentFailed,
                        "the agent has been silent for " + std::to_string((now - heard) / 1s) +
                            " s during \"" + work.step.name + "\"",
                        "check the machine's console: did it lose power or its link?");
        if (now >= end)
            throw Error(ErrorCode::DeadlineExceeded,
                        "\"" + work.step.name + "\" took longer than " + std::to_string(timeout / 1s) + " s");
        return model::AwaitAgent{std::min(silent, end)};
    }

    bool startsKernelAtOnce() const override { return false; }
    bool switchesAtOnce() const override { return false; }
};

} // namespace

const AgentSide& realAgentSide()
{
    static const RealAgent side;
    return side;
}

} // namespace bm::conductor

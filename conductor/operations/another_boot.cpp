#include "conductor/operations/another_boot.h"

#include "common/model/step_kinds.h"
#include "common/wire/json/stored_json.h"
#include "conductor/core/boot_window.h"
#include "conductor/core/nodes.h"
#include "conductor/operations/lifecycle.h"

#include <algorithm>
#include <array>
#include <span>

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using model::Step;
using model::stepKind;
using model::StepState;

namespace {

/// The steps that boot the RAM disk, in the plans' order; a request's steps may stand among them.
constexpr auto kBootSteps = std::to_array<std::string_view>(
    {stepKind("expect_boot").name, stepKind("power_off").name, stepKind("boot_device_pxe").name,
     stepKind("power_on").name, stepKind("await_agent").name});
/// The steps that end the RAM disk.
constexpr auto kEndSteps =
    std::to_array<std::string_view>({stepKind("end_boot").name, stepKind("end_cleaning").name,
                                     stepKind("switch_off").name, stepKind("power_off_written").name});
/// The conductor's own steps that may last while the RAM disk idles.
constexpr auto kIdleSteps = std::to_array<std::string_view>({stepKind("hold").name, stepKind("wait").name});

bool isOneOf(std::span<const std::string_view> names, const Step& step)
{
    return std::ranges::find(names, step.name) != names.end();
}

/// True for the wait for the agent, and for a step that the agent has still to do.
bool needsAgent(const Step& step)
{
    const model::StepKind* kind = model::findStepKind(step.name);
    const bool agents = kind != nullptr && kind->inBand() && step.errorCode.empty() &&
                        !wire::valueOf(step.result).contains("reported");
    return agents || step.name == stepKind("await_agent").name;
}

/// The steps of the boot whose RAM disk serves the first open step, that step included; empty when none does.
std::span<Step> bootOfOpenStep(std::vector<Step>& steps)
{
    const auto open = std::ranges::find_if(steps, [](const Step& step) {
        return step.state != StepState::Done && step.state != StepState::Skipped &&
               step.state != StepState::Failed;
    });
    if (open == steps.end() || !(needsAgent(*open) || isOneOf(kIdleSteps, *open)))
        return {};
    bool awaited = false;
    for (auto step = open;; --step) {
        if (isOneOf(kEndSteps, *step))
            return {};
        awaited = awaited || step->name == stepKind("await_agent").name;
        if (step->name == stepKind("expect_boot").name)
            return awaited ? std::span<Step>(step, open + 1) : std::span<Step>();
        if (step == steps.begin())
            return {};
    }
}

void setBack(Step& step)
{
    step.state = StepState::Pending;
    step.crashes = 0;
    step.bytesDone = 0;
    step.message.clear();
    step.result = {};
    step.startedAt.reset();
    step.finishedAt.reset();
    step.deadline.reset();
}

/// A held node waits for its agent again, so that the boot may fail; the step hold holds it afterwards.
void leaveHold(db::Transaction& tx, const Context& context, const model::NodeId& id,
               const std::optional<db::LeaseEpoch>& epoch)
{
    model::Node node = findNode(tx, id.uuid);
    if (!model::next(node.state, model::StateEvent::Unhold))
        return;
    applyEvent(node, model::StateEvent::Unhold, context.clock.now());
    db::NodeRepository{}.update(tx, node, epoch);
}

std::int32_t otherBoots(const std::vector<Step>& steps)
{
    std::int32_t count = 0;
    for (const Step& step : steps)
        if (step.name == stepKind("expect_boot").name)
            count += std::max(0, step.attempts - 1);
    return count;
}

} // namespace

bool wantsAnotherBoot(db::Transaction& tx, const Context& context, const model::NodeId& node,
                      model::UtcTime engineStart)
{
    const std::optional<db::AgentRecord> record = db::AgentRepository{}.find(tx, node);
    return record && record->bootExpectedUntil &&
           hasRestarted(*record, context.settings, context.clock.now(), engineStart);
}

std::variant<bool, Error> beginAnotherBoot(db::Transaction& tx, const Context& context,
                                           const model::Operation& operation,
                                           const std::optional<db::LeaseEpoch>& epoch,
                                           model::UtcTime engineStart)
{
    const db::OperationRepository operations;
    std::vector<Step> steps = operations.steps(tx, operation.id);
    const std::span<Step> boot = bootOfOpenStep(steps);
    if (boot.empty() || !wantsAnotherBoot(tx, context, operation.node, engineStart))
        return false;
    leaveHold(tx, context, operation.node, epoch);
    const std::int32_t before = otherBoots(steps);
    if (before >= kMostOtherBoots)
        return Error(ErrorCode::RebootedTooOften,
                     "the machine has restarted by itself " + std::to_string(before + 1) +
                         " times during this operation",
                     "watch its console; or another host asks for its boot script: bm node timeline, "
                     "docs/security.md");
    recordEvent(tx, context.clock.now(), operation.node, model::EventKind::BootRestarted,
                "the machine restarted during \"" + boot.back().name + "\"; bm boots it again, " +
                    std::to_string(before + 1) + " of " + std::to_string(kMostOtherBoots),
                "{}", operation.id);
    for (Step& step : boot)
        if (isOneOf(kBootSteps, step) || (&step == &boot.back() && needsAgent(step))) {
            setBack(step);
            operations.updateStep(tx, step);
        }
    return true;
}

} // namespace bm::conductor

#include "conductor/operations/service_return.h"

#include "common/model/operation_kinds.h"
#include "common/model/step_kinds.h"
#include "conductor/core/nodes.h"
#include "conductor/operations/lifecycle.h"

#include <algorithm>

namespace bm::conductor {

using model::Step;
using model::StepState;

namespace {

constexpr std::string_view kReturnBegins = model::stepKind("end_boot").name;

} // namespace

bool mustReturn(const model::Operation& operation, const std::vector<Step>& steps)
{
    if (!model::rowOf(operation.kind).returnsMachine || !operation.errorCode.empty())
        return false;
    const auto down = std::ranges::find(steps, model::stepKind("shut_down").name, &Step::name);
    const auto back = std::ranges::find(steps, kReturnBegins, &Step::name);
    return down != steps.end() && down->state != StepState::Pending && back != steps.end() &&
           (back->state == StepState::Pending || back->state == StepState::Running);
}

void beginReturn(db::Transaction& tx, const Context& context, model::Operation operation,
                 std::vector<Step> steps, const model::Error& error)
{
    const model::UtcTime now = context.clock.now();
    operation.errorCode = model::toText(error.code());
    operation.errorMessage = error.what();
    operation.errorHint = error.hint();
    for (Step& step : steps) {
        if (step.name == kReturnBegins)
            break;
        if (step.state != StepState::Done && step.state != StepState::Skipped)
            closeStep(tx, context, operation, model::OperationState::Failed, now, step);
    }
    operation.abortRequested = false;
    operation.runAt = now;
    db::OperationRepository{}.update(tx, operation);
    recordEvent(tx, now, operation.node, model::EventKind::OperationReturning,
                std::string(error.what()) + "; bm starts the machine's own system again", "{}", operation.id);
}

void endReturn(db::Transaction& tx, const Context& context, const model::Operation& operation,
               const model::Node& node, const std::optional<db::LeaseEpoch>& epoch)
{
    const model::Error error(
        model::errorCodeFromText(operation.errorCode).value_or(model::ErrorCode::Internal),
        operation.errorMessage, operation.errorHint);
    db::NodeRepository{}.update(tx, node, epoch);
    failOperation(tx, context, operation, error, epoch);
    const model::Node failed = findNode(tx, operation.node.uuid);
    if (failed.state == model::State::ServiceFailed)
        moveNode(tx, context, failed, model::StateEvent::Abort);
}

} // namespace bm::conductor

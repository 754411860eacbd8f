#include "common/wire/operation_json.h"

#include "common/model/step_kinds.h"
#include "common/wire/json/secret_mask.h"

#include <algorithm>
#include <cmath>

namespace bm::wire {

using model::Operation;
using model::Step;
using model::StepState;

namespace {

void writeFailure(JsonWriter& out, const std::string& code, const std::string& message,
                  const std::string& hint)
{
    if (code.empty())
        out.null();
    else
        out.beginObject()
            .key("code")
            .string(code)
            .key("message")
            .string(message)
            .key("hint")
            .string(hint)
            .endObject();
}

void writeProgress(JsonWriter& out, const Step& step, model::UtcTime now)
{
    const StepPace pace = paceOf(step, now);
    out.key("bytes_done").number(step.bytesDone);
    out.key("bytes_total").number(step.bytesTotal);
    out.key("mb_per_s").decimal(pace.megabytesPerSecond);
    out.key("eta_seconds");
    if (pace.etaSeconds)
        out.number(*pace.etaSeconds);
    else
        out.null();
}

void writeStep(JsonWriter& out, const Step& step, model::UtcTime now)
{
    out.beginObject();
    out.key("uuid").string(step.id.uuid);
    out.key("name").string(step.name);
    out.key("title").string(model::titleOfStep(step.name));
    out.key("interface").string(step.interface);
    out.key("priority").number(std::int64_t{step.priority});
    out.key("state").string(model::toText(step.state));
    out.key("message").stringOrNull(step.message);
    out.key("attempts").number(std::int64_t{step.attempts});
    writeProgress(out, step, now);
    out.key("arguments").raw(masked(step.arguments));
    out.key("result").raw(masked(step.result));
    writeFailure(out.key("error"), step.errorCode, step.errorMessage, step.errorHint);
    out.key("started_at").timeOrNull(step.startedAt);
    out.key("finished_at").timeOrNull(step.finishedAt);
    out.key("deadline").timeOrNull(step.deadline);
    out.endObject();
}

/// The running step, else the next one, else the last one that ran.
const Step* currentOf(const std::vector<Step>& steps)
{
    const auto isOpen = [](const Step& step) {
        return step.state == StepState::Running || step.state == StepState::Waiting ||
               step.state == StepState::Failed;
    };
    const auto open = std::find_if(steps.begin(), steps.end(), isOpen);
    if (open != steps.end())
        return &*open;
    const auto pending =
        std::find_if(steps.begin(), steps.end(), [](const Step& s) { return s.state == StepState::Pending; });
    if (pending != steps.end())
        return &*pending;
    return steps.empty() ? nullptr : &steps.back();
}

} // namespace

StepPace paceOf(const Step& step, model::UtcTime now)
{
    StepPace pace;
    if (!step.startedAt || step.bytesDone <= 0)
        return pace;
    const double seconds =
        std::chrono::duration<double>(step.finishedAt.value_or(now) - *step.startedAt).count();
    if (seconds <= 0)
        return pace;
    const double perSecond = static_cast<double>(step.bytesDone) / seconds;
    pace.megabytesPerSecond = perSecond / 1e6;
    if (!step.finishedAt && step.bytesTotal >= step.bytesDone)
        pace.etaSeconds = std::llround(static_cast<double>(step.bytesTotal - step.bytesDone) / perSecond);
    return pace;
}

void writeOperation(JsonWriter& out, const Operation& operation, const std::vector<Step>& steps,
                    model::UtcTime now)
{
    out.beginObject();
    out.key("uuid").string(operation.id.uuid);
    out.key("node_uuid").string(operation.node.uuid);
    out.key("kind").string(model::toText(operation.kind));
    out.key("state").string(model::toText(operation.state));
    out.key("then").json(operation.then);
    out.key("request").raw(masked(operation.request));
    out.key("actor").string(operation.actor);
    out.key("abort_requested").boolean(operation.abortRequested);
    if (const Step* current = currentOf(steps)) {
        out.key("step").string(current->name);
        out.key("step_title").string(model::titleOfStep(current->name));
        out.key("step_position").number(std::int64_t{current->position});
        out.key("step_message").stringOrNull(current->message);
        writeProgress(out, *current, now);
    } else {
        out.key("step").null();
    }
    writeFailure(out.key("error"), operation.errorCode, operation.errorMessage, operation.errorHint);
    out.key("created_at").time(operation.createdAt);
    out.key("started_at").timeOrNull(operation.startedAt);
    out.key("finished_at").timeOrNull(operation.finishedAt);
    out.key("steps").beginArray();
    for (const Step& step : steps)
        writeStep(out, step, now);
    out.endArray().endObject();
}

} // namespace bm::wire

// Captures a disk as an image: the checks before the machine is shut down, and the agent's step.
#include "common/wire/json/stored_json.h"
#include "common/wire/steps/capture_disk.h"
#include "conductor/nodes/boot_port.h"
#include "conductor/steps/agent_side.h"
#include "conductor/steps/disk_choice.h"
#include "conductor/steps/step_handlers.h"
#include "conductor/steps/step_support.h"

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

wire::CaptureDiskArguments captureArguments(const StepWork& work)
{
    const auto& order = wire::orderOf<wire::CaptureOrder>(work.request);
    return {.captureUrl = work.context.settings.baseUrl + "/v1/agent/" + work.node.id.uuid + "/capture",
            .kind = order.kind,
            .generalise = order.generalise,
            .disk = diskChoice(work)};
}

} // namespace

model::StepResult stepCheckCapture(StepWork& work)
{
    if (!findImageOf(work))
        throw Error(ErrorCode::NotFound, "the image of this capture is gone", "start it again");
    work.context.database.read([&](db::Transaction& tx) { requireBootPort(tx, work.context, work.node); });
    return model::Done{};
}

model::StepResult stepCaptureDisk(StepWork& work)
{
    if (work.step.arguments.text == "{}")
        work.step.arguments = wire::toJson(captureArguments(work));
    const model::StepResult result = agentSideOf(work).awaitReport(work, work.context.settings.writeTimeout);
    if (!std::holds_alternative<model::Done>(result))
        return result;
    const std::optional<model::Image> image = findImageOf(work);
    if (!image || image->state != model::ImageState::Ready)
        throw Error(ErrorCode::AgentFailed, "the agent reported the end, but blocks of the image are missing",
                    "the RAM disk is of another version than bmd: build it again");
    work.recordEvent(model::EventKind::ImageCaptured,
                     image->name +
                         (image->kind == model::ImageKind::Tree ? " holds the files" : " holds the disk"),
                     json{{"report", wire::valueOf(work.step.result)}, {"content_id", image->contentId}}.dump(
                         -1, ' ', false, json::error_handler_t::replace));
    return result;
}

} // namespace bm::conductor

// A tree laid onto disks: "copy files".
#include "conductor/disk_choice.h"
#include "conductor/json_values.h"
#include "conductor/reports.h"
#include "conductor/simulated_agent.h"
#include "conductor/step_support.h"
#include "conductor/steps.h"
#include "conductor/written_disk.h"

#include <algorithm>

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

std::int64_t contentBytes(const model::Image& image)
{
    return valueOf(image.description).value("content_bytes", std::int64_t{0});
}

json treeArguments(const StepWork& work, const model::Image& image)
{
    json arguments = copyArguments(work, image);
    arguments["layout"] = valueOf(work.operation.request).at("layout");
    arguments["content_bytes"] = contentBytes(image);
    return arguments;
}

} // namespace

model::StepResult stepWriteTree(StepWork& work)
{
    const std::string imageId = textMember(valueOf(work.operation.request), "image_id");
    const std::optional<model::Image> image = work.context.database.read(
        [&](db::Transaction& tx) { return db::ImageRepository{}.find(tx, model::ImageId{imageId}); });
    if (!image)
        throw Error(ErrorCode::NotFound, "image " + imageId + " is gone", "bm image list");
    const auto archiveBytes = static_cast<std::int64_t>(image->sizeBytes);
    work.step.bytesTotal = std::max(work.step.bytesTotal, archiveBytes + contentBytes(*image));
    if (work.step.arguments.text == "{}")
        work.step.arguments = textOf(treeArguments(work, *image));
    const model::StepResult result =
        isSimulated(work) ? simulateWrite(work) : awaitReport(work, work.context.settings.writeTimeout);
    if (!std::holds_alternative<model::Done>(result))
        return result;
    const json report = valueOf(work.step.result);
    reportDeployment(work, *image, report);
    rememberWritten(work, report);
    work.event("tree.written", image->name + " is on the disk and read back",
               json{{"report", report}}.dump(-1, ' ', false, json::error_handler_t::replace));
    return result;
}

} // namespace bm::conductor

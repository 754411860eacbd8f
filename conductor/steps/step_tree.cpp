// A tree laid onto disks: "copy files".
#include "conductor/core/json_values.h"
#include "conductor/steps/disk_choice.h"
#include "conductor/steps/step_handlers.h"
#include "conductor/steps/step_support.h"
#include "conductor/steps/written_disk.h"

namespace bm::conductor {

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
    const auto bytes = [](const model::Image& image) {
        return static_cast<std::int64_t>(image.sizeBytes) + contentBytes(image);
    };
    return copyImage(work, {"tree.written", bytes, treeArguments});
}

} // namespace bm::conductor

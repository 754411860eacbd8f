// A tree laid onto disks: "copy files".
#include "common/wire/json/stored_json.h"
#include "common/wire/steps/write_tree.h"
#include "conductor/steps/disk_choice.h"
#include "conductor/steps/image_copy_step.h"
#include "conductor/steps/step_handlers.h"
#include "conductor/steps/step_support.h"

namespace bm::conductor {

namespace {

std::int64_t contentBytes(const model::Image& image)
{
    return wire::valueOf(image.description).value("content_bytes", std::int64_t{0});
}

model::JsonText treeArguments(const StepWork& work, const model::Image& image)
{
    const auto& order = wire::orderOf<wire::DeployOrder>(work.request);
    return wire::toJson(
        wire::WriteTreeArguments{.image = imageOfStore(work, image),
                                 .disk = diskChoice(work),
                                 .layout = order.options.layout.value_or(model::JsonText{}),
                                 .contentBytes = static_cast<std::uint64_t>(contentBytes(image)),
                                 .configDriveUrl = configDriveUrl(work)});
}

} // namespace

model::StepResult stepWriteTree(StepWork& work)
{
    const auto bytes = [](const model::Image& image) {
        return static_cast<std::int64_t>(image.sizeBytes) + contentBytes(image);
    };
    return copyImage(work, {model::EventKind::TreeWritten, bytes, treeArguments});
}

} // namespace bm::conductor

// Deployment of an operator's RAM disk: bm extracts kernel and initrd and starts the machine from the
// network; the node is active once the machine has fetched both. No agent runs, and no disk is written.
#include "common/platform/secrets.h"
#include "conductor/core/seal_places.h"
#include "conductor/images/ramdisk_deployment.h"
#include "conductor/images/ramdisk_image.h"
#include "conductor/steps/agent_side.h"
#include "conductor/steps/reports.h"
#include "conductor/steps/step_handlers.h"
#include "conductor/steps/step_support.h"

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::minutes kRamdiskTakeOutDeadline{20}; // an ISO of many GiB
constexpr std::size_t kTokenBytes = 16;

/// @return false: the store fetches it from the object store
bool layReady(const StepWork& work, const model::Image& image, const std::string& arguments)
{
    images::ImageStore& store = work.context.images;
    if (!store.makeLocal(image.contentId)) {
        if (store.settings().sources.s3.bucket.empty())
            throw Error(ErrorCode::NotFound, "the store has no " + image.name + " any more",
                        "bm image verify " + image.name);
        return false;
    }
    const RamdiskImage ramdisk = ramdiskOf(image.description, image.sizeBytes);
    const model::Deadline deadline = model::Deadline::in(kRamdiskTakeOutDeadline, work.callDeadline.stop);
    store.partFile(image.contentId, ramdisk.kernel, deadline);
    store.partFile(image.contentId, ramdisk.initrd, deadline);
    if (ramdisk.iso && arguments.find("{iso}") != std::string::npos)
        store.partFile(image.contentId, {{0, image.sizeBytes}}, deadline);
    return true;
}

} // namespace

model::StepResult stepPrepareRamdisk(StepWork& work)
{
    const auto& order = wire::orderOf<wire::DeployOrder>(work.request);
    const model::Image image = imageOf(work);
    RamdiskDeployment deployment;
    deployment.image = image.id;
    deployment.imageName = image.name;
    deployment.arguments = order.options.kernelArguments.value_or("");
    deployment.configDrive = order.configDrive;
    if (!layReady(work, image, deployment.arguments))
        return model::Again{1s};
    deployment.tokenSealed =
        work.context.secrets.seal(ramdiskTokenPlace(work.node.id), platform::randomHex(kTokenBytes));
    work.changeNode([deployment](model::Node& node) { setRamdiskDeployment(node, deployment); });
    work.recordEvent(model::EventKind::RamdiskPrepared, image.name);
    return model::Done{};
}

model::StepResult stepAwaitRamdisk(StepWork& work)
{
    const model::StepResult fetched = agentSideOf(work).awaitRamdisk(work);
    if (!std::holds_alternative<model::Done>(fetched))
        return fetched;
    const model::Image image = imageOf(work);
    reportDeployment(work, image, {{"bytes_written", 0}});
    work.recordEvent(model::EventKind::RamdiskStarted,
                     image.name + " was fetched whole; nothing was written");
    return model::Done{};
}

} // namespace bm::conductor

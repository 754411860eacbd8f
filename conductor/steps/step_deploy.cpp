// A deployment's checks before it touches the machine, and the end of an instance.
#include "conductor/core/nodes.h"
#include "conductor/images/ramdisk_deployment.h"
#include "conductor/nodes/boot_port.h"
#include "conductor/steps/step_handlers.h"
#include "conductor/steps/step_support.h"
#include "db/repositories/resources/allocation_repository.h"

namespace bm::conductor {

using model::Error;
using model::ErrorCode;

model::StepResult stepCheckRequest(StepWork& work)
{
    const auto& order = wire::orderOf<wire::DeployOrder>(work.request);
    work.context.database.read([&](db::Transaction& tx) {
        const std::optional<model::Image> image =
            db::ImageRepository{}.find(tx, model::ImageId{order.imageId});
        if (!image || image->state != model::ImageState::Ready)
            throw Error(ErrorCode::NotFound, "the image of this deployment is not ready", "bm image list");
        requireBootPort(tx, work.context, work.node);
    });
    if (order.kind != toText(model::ImageKind::Ramdisk))
        work.changeNode([](model::Node& node) { setRamdiskDeployment(node, std::nullopt); });
    return model::Done{};
}

model::StepResult stepForgetInstance(StepWork& work)
{
    work.changeNode([](model::Node& node) {
        setRamdiskDeployment(node, std::nullopt);
        node.instanceInfo = {};
        node.instanceUuid.clear();
        node.allocationUuid.clear();
        node.instanceName.clear();
    });
    work.writes.emplace_back([id = work.node.id, allocation = work.node.allocationUuid](db::Transaction& tx) {
        db::ConfigDriveRepository{}.remove(tx, id);
        if (!allocation.empty())
            db::allocationRepository().remove(tx, allocation);
    });
    return model::Done{};
}

} // namespace bm::conductor

#include "conductor/images/image_users.h"

#include "common/wire/json/stored_json.h"
#include "common/wire/operation_request.h"
#include "conductor/images/ramdisk_deployment.h"
#include "db/repositories/fleet/schedule_repository.h"
#include "db/repositories/node_repository.h"
#include "db/repositories/repositories.h"
#include "db/repositories/rollout_repository.h"

namespace bm::conductor {

namespace {

constexpr std::size_t kPage = 1000;

std::string nodeNameOf(const model::Node& node)
{
    return "the node " + (node.name.empty() ? node.id.uuid : node.name);
}

} // namespace

ImageUsers::ImageUsers(db::Transaction& tx)
{
    for (const model::ImageTag& tag : db::ImageTagRepository{}.all(tx)) {
        wanting_[tag.image.uuid].insert("the tag " + tag.reference);
        tagsOf_[tag.image.uuid].insert(tag.reference);
    }
    readNodes(tx);
    readRollouts(tx);
    readSchedules(tx);
}

void ImageUsers::readNodes(db::Transaction& tx)
{
    std::map<std::string, std::string> names;
    for (const model::Node& node : db::NodeRepository{}.all(tx)) {
        names[node.id.uuid] = nodeNameOf(node);
        const nlohmann::json instance = wire::valueOf(node.instanceInfo);
        for (const char* member : {"image_source", "image_checksum", "image_name"})
            if (const std::string text = wire::textMember(instance, member); !text.empty())
                carrying_[text].insert(nodeNameOf(node));
        if (const std::optional<RamdiskDeployment> deployment =
                ramdiskDeploymentOf(node)) // has no copy: it fetches the image at each start
            wanting_[deployment->image.uuid].insert(nodeNameOf(node) + ", which boots it");
    }
    for (const model::Operation& operation : db::OperationRepository{}.unfinished(tx)) {
        const wire::OperationRequest request = wire::operationRequestOf(operation);
        std::vector<std::string> wanted{wire::imageIdOf(request)};
        if (const auto* deploy = wire::orderIn<wire::DeployOrder>(request))
            wanted.insert(wanted.end(), {deploy->imageName, deploy->contentId});
        for (const std::string& name : wanted)
            if (!name.empty())
                wanting_[name].insert(names[operation.node.uuid]);
    }
}

void ImageUsers::readRollouts(db::Transaction& tx)
{
    const db::RolloutRepository rollouts;
    for (const model::Rollout& rollout : rollouts.open(tx)) {
        wanting_[rollout.image.uuid].insert("the rollout " + rollout.name);
        for (const model::RolloutNode& node : rollouts.nodes(tx, rollout.id))
            if (!node.previousImage.empty())
                wanting_[node.previousImage].insert("the rollout " + rollout.name + " to put it back");
    }
}

void ImageUsers::readSchedules(db::Transaction& tx)
{
    std::string marker;
    while (true) {
        const std::vector<model::Schedule> page = db::ScheduleRepository{}.list(tx, kPage, marker);
        for (const model::Schedule& schedule : page)
            wanting_[schedule.image].insert("the schedule " + schedule.name);
        if (page.size() < kPage)
            return;
        marker = page.back().name;
    }
}

std::vector<std::string> ImageUsers::of(const std::map<std::string, std::set<std::string>>& users,
                                        const model::Image& image) const
{
    std::set<std::string> keys{image.id.uuid, image.name};
    if (!image.contentId.empty())
        keys.insert(image.contentId);
    if (const auto tags = tagsOf_.find(image.id.uuid); tags != tagsOf_.end())
        keys.insert(tags->second.begin(), tags->second.end());
    std::set<std::string> all;
    for (const std::string& key : keys)
        if (const auto found = users.find(key); found != users.end())
            all.insert(found->second.begin(), found->second.end());
    return {all.begin(), all.end()};
}

std::vector<std::string> ImageUsers::wanting(const model::Image& image) const
{
    return of(wanting_, image);
}

std::vector<std::string> ImageUsers::carrying(const model::Image& image) const
{
    return of(carrying_, image);
}

bool isBeingCaptured(db::Transaction& tx, const model::Image& image)
{
    return image.sourceFormat == "capture" && image.state == model::ImageState::Importing &&
           !db::OperationRepository{}.nodesUsingImage(tx, image.id).empty();
}

} // namespace bm::conductor

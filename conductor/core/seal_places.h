#pragma once
#include "common/model/fleet/schedule.h"
#include "common/model/ids.h"
#include "common/model/webhook.h"
#include "common/platform/secrets.h"

#include <string_view>

namespace bm::conductor {

// The places of all sealed values. Each borrows its arguments.

inline platform::SealPlace driverInfoPlace(const model::NodeId& node, std::string_view key)
{
    return {"nodes.driver_info", node.uuid, key};
}
/// The token in the addresses of a node's RAM-disk deployment.
inline platform::SealPlace ramdiskTokenPlace(const model::NodeId& node)
{
    return {"nodes.driver_internal_info", node.uuid, "ramdisk_token"};
}
inline platform::SealPlace agentTokenPlace(const model::NodeId& node)
{
    return {"agents", node.uuid, "token"};
}
inline platform::SealPlace configDrivePlace(const model::NodeId& node)
{
    return {"config_drives", node.uuid, "drive"};
}
/// An argument of a node's operation and of its step.
inline platform::SealPlace stepArgumentPlace(const model::NodeId& node, std::string_view argument)
{
    return {"steps", node.uuid, argument};
}
inline platform::SealPlace webhookSecretPlace(const model::WebhookId& hook)
{
    return {"webhooks", hook.uuid, "secret"};
}
inline platform::SealPlace importUrlPlace(const model::ImageId& image)
{
    return {"image_jobs", image.uuid, "url"};
}
inline platform::SealPlace scheduleDeployPlace(const model::ScheduleId& schedule)
{
    return {"schedules", schedule.uuid, "deploy"};
}
inline platform::SealPlace rolloutDeployPlace(const model::RolloutId& rollout)
{
    return {"rollouts", rollout.uuid, "deploy"};
}

} // namespace bm::conductor

#pragma once
#include "common/model/clock.h"
#include "common/model/ids.h"
#include "common/text/json_text.h"

#include <string>

namespace bm::model {

using DeployTemplateId = Id<struct DeployTemplateTag>;

/// Deploy steps of the nodes that have the trait of its name.
/// steps: [{"interface", "step", "args", "priority"}]
struct DeployTemplate {
    DeployTemplateId id;
    std::string name; ///< a trait, unique
    JsonText steps{"[]"};
    JsonText extra{};
    UtcTime createdAt{};
    UtcTime updatedAt{};
};

using RunbookId = Id<struct RunbookTag>;

/// Steps of cleaning or service, by name. steps: [{"interface", "step", "args", "order"}]
struct Runbook {
    RunbookId id;
    std::string name; ///< unique; below 1.112 a trait that the node must have
    std::string description;
    JsonText steps{"[]"};
    JsonText traits{"[]"}; ///< a node must have one of them; empty: the name
    JsonText extra{};
    std::string owner; ///< a project
    bool isPublic = false;
    bool disableRamdisk = false;
    UtcTime createdAt{};
    UtcTime updatedAt{};
};

} // namespace bm::model

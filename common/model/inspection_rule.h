#pragma once
#include "common/model/clock.h"
#include "common/model/ids.h"
#include "common/text/json_text.h"

#include <cstdint>
#include <string>

namespace bm::model {

/// What an inspection's findings change about the node.
/// conditions, actions: [{"op", "args", "loop"}]; applied by priority, the highest first.
struct InspectionRule {
    InspectionRuleId id;
    std::string description;
    std::string phase = "main";
    std::int64_t priority = 0; ///< 0 to 9999
    bool sensitive = false;    ///< conditions and actions are not shown
    JsonText conditions{"[]"};
    JsonText actions{"[]"};
    UtcTime createdAt{};
    UtcTime updatedAt{};
};

} // namespace bm::model

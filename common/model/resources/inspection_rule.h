#pragma once
#include "common/model/clock.h"
#include "common/model/ids.h"
#include "common/text/json_text.h"

#include <cstdint>
#include <string>

namespace bm::model {

using InspectionRuleId = Id<struct InspectionRuleTag>;

/// A rule that changes a node by its inventory (conductor/nodes/inspection_rules.h applies them, the highest
/// priority first). conditions, actions: [{"op", "args", "loop"}].
struct InspectionRule {
    InspectionRuleId id;
    std::string description;
    std::string phase = "main";
    std::int64_t priority = 0; ///< 0 to 9999
    bool sensitive = false;    ///< answers hide conditions and actions
    JsonText conditions{"[]"};
    JsonText actions{"[]"};
    UtcTime createdAt{};
    UtcTime updatedAt{};
};

} // namespace bm::model

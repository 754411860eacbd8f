#pragma once
#include "common/model/clock.h"
#include "common/model/ids.h"
#include "common/text/json_text.h"

#include <string>

namespace bm::model {

/// What nodes stand in: an enclosure, a rack.
struct Chassis {
    ChassisId id;
    std::string description;
    JsonText extra{};
    UtcTime createdAt{};
    UtcTime updatedAt{};
};

} // namespace bm::model

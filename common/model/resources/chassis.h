#pragma once
#include "common/model/clock.h"
#include "common/model/ids.h"
#include "common/text/json_text.h"

#include <string>

namespace bm::model {

using ChassisId = Id<struct ChassisTag>;

/// An enclosure or a rack with nodes in it.
struct Chassis {
    ChassisId id;
    std::string description;
    JsonText extra{};
    UtcTime createdAt{};
    UtcTime updatedAt{};
};

} // namespace bm::model

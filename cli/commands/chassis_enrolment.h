#pragma once
#include "cli/shell/shell.h"

#include <nlohmann/json.hpp>

namespace bm::cli {

struct EnrolledChassis {
    nlohmann::json nodes; ///< those of the inventory, and those inside its chassis with their chassis_uuid
    std::size_t failed = 0;
};

/// Creates or changes the chassis of @p inventory (as readInventory() returns it) and says what it did. bm
/// recognises a chassis by its uuid, else by its description, without one by its extra. The nodes of a
/// chassis that fails are left out.
EnrolledChassis enrolChassis(Shell& shell, const nlohmann::json& inventory);

} // namespace bm::cli

#pragma once
#include "conductor/core/context.h"

#include <string>
#include <vector>

namespace bm::conductor {

/// A stored value that a request may not write today. It keeps working until somebody changes it.
struct StoredValue {
    std::string subject; ///< "node web-1", printable
    std::string what;    ///< its field, the value and the rule
    std::string remedy;
};

/// All such values of nodes, images, tags, rollouts, schedules, webhooks, portgroups, allocations and
/// runbooks.
std::vector<StoredValue> refusedStoredValues(db::Transaction& tx, const drivers::HardwareTypes& hardware);

} // namespace bm::conductor

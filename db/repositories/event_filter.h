#pragma once
#include "common/model/event.h"
#include "db/engine/database.h"

#include <string>
#include <string_view>
#include <vector>

namespace bm::db {

/// Selects events; an empty member does not restrict.
struct EventFilter {
    model::NodeId node{};
    model::RolloutId rollout{};
    std::vector<std::string> kinds{}; ///< "step.done", or "step.*" for every kind with the prefix "step."

    bool matches(const model::NodeEvent& event) const;
    /// Returns " and kind = $4 ..." and appends the values to @p parameters.
    std::string sql(std::vector<Value>& parameters) const;
};

/// Parses "state.changed,step.*" into kinds; a renamed kind includes its old name. @throws Error InvalidInput
/// (not an event kind)
std::vector<std::string> kindsFromText(std::string_view text);

} // namespace bm::db

#pragma once
#include "common/model/event.h"
#include "db/engine/database.h"

#include <string>
#include <string_view>
#include <vector>

namespace bm::db {

/// Which events somebody wants to hear of; what is empty does not restrict.
struct EventFilter {
    model::NodeId node{};
    model::RolloutId rollout{};
    std::vector<std::string> kinds{}; ///< "step.done", or "step.*" for all that begin with "step."

    bool matches(const model::NodeEvent& event) const;
    /// " and kind = $4 ...", with the values appended to @p parameters.
    std::string sql(std::vector<Value>& parameters) const;
};

/// The filter's kinds of "state.changed,step.*"; a renamed kind brings its old text with it. @throws Error
/// InvalidInput (something that is no kind)
std::vector<std::string> kindsFromText(std::string_view text);

} // namespace bm::db

#pragma once
#include "common/model/operation.h"
#include "common/wire/json/json_writer.h"

#include <vector>

namespace bm::wire {

/// How far the step with bytes to move is, reckoned at one moment.
struct StepPace {
    double megabytesPerSecond = 0;            ///< 10^6 bytes
    std::optional<std::int64_t> etaSeconds{}; ///< nothing: not known
};
StepPace paceOf(const model::Step& step, model::UtcTime now);

/// Appends an operation with its steps as GET /v1/nodes/{ident}/operation shows it. The current step's
/// progress stands beside the operation's own members, so that a client needs no search.
void writeOperation(JsonWriter& out, const model::Operation& operation, const std::vector<model::Step>& steps,
                    model::UtcTime now);

} // namespace bm::wire

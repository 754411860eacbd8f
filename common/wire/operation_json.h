#pragma once
#include "common/model/operation.h"
#include "common/wire/json/json_writer.h"

#include <vector>

namespace bm::wire {

/// The rate and the remaining time of a step that counts bytes.
struct StepPace {
    double megabytesPerSecond = 0;            ///< 10^6 bytes
    std::optional<std::int64_t> etaSeconds{}; ///< nothing: unknown
};
StepPace paceOf(const model::Step& step, model::UtcTime now);

/// Appends an operation with its steps in the form of GET /v1/nodes/{ident}/operation. The current step's
/// progress is also a member of the operation, so that clients need no search.
void writeOperation(JsonWriter& out, const model::Operation& operation, const std::vector<model::Step>& steps,
                    model::UtcTime now);

} // namespace bm::wire

#pragma once
#include "common/model/event.h"
#include "common/wire/json/json_writer.h"

#include <vector>

namespace bm::wire {

void writeEvent(JsonWriter& out, const model::NodeEvent& event);
/// {"events": [...], "next_after": n}: n is the `after` of the next request.
void writeEvents(JsonWriter& out, const std::vector<model::NodeEvent>& events, std::int64_t after);

} // namespace bm::wire

#include "common/wire/event_json.h"

#include "common/wire/json/secret_mask.h"

namespace bm::wire {

void writeEvent(JsonWriter& out, const model::NodeEvent& event)
{
    out.beginObject();
    out.key("sequence").number(event.sequence);
    out.key("at").time(event.at);
    out.key("node_uuid").stringOrNull(event.node.uuid);
    out.key("kind").string(event.kind);
    out.key("message").string(event.message);
    out.key("details").raw(masked(event.details));
    out.key("operation_uuid").stringOrNull(event.operation.uuid);
    out.key("rollout_uuid").stringOrNull(event.rollout.uuid);
    out.endObject();
}

void writeEvents(JsonWriter& out, const std::vector<model::NodeEvent>& events, std::int64_t after)
{
    out.beginObject().key("events").beginArray();
    for (const model::NodeEvent& event : events)
        writeEvent(out, event);
    out.endArray().key("next_after").number(events.empty() ? after : events.back().sequence).endObject();
}

} // namespace bm::wire

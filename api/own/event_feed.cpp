#include "api/own/event_feed.h"

#include "common/wire/event_json.h"
#include "common/wire/json/json_writer.h"

#include <algorithm>
#include <fmt/format.h>

namespace bm::api {
namespace {

constexpr std::size_t kKept = 1'000;

} // namespace

const std::string& EventTexts::of(const model::NodeEvent& event)
{
    const auto place =
        std::lower_bound(latest_.begin(), latest_.end(), event.sequence,
                         [](const Text& text, std::int64_t sequence) { return text.sequence < sequence; });
    if (place != latest_.end() && place->sequence == event.sequence)
        return place->text;
    wire::JsonWriter json;
    wire::writeEvent(json, event);
    std::string text =
        fmt::format("id: {}\nevent: {}\ndata: {}\n\n", event.sequence, event.kind, json.text());
    const auto added = latest_.insert(place, {event.sequence, std::move(text)});
    if (latest_.size() <= kKept)
        return added->text;
    const std::size_t index = static_cast<std::size_t>(added - latest_.begin());
    if (index == 0) // the new text is the oldest one and must outlive this call
        return latest_.erase(latest_.end() - 1), latest_.front().text;
    latest_.pop_front();
    return latest_.at(index - 1).text;
}

conductor::EventSubscriber::Readiness EventFeed::readiness()
{
    if (!stream_->isOpen())
        return Readiness::Gone;
    return stream_->hasRoom() ? Readiness::Ready : Readiness::Busy;
}

} // namespace bm::api

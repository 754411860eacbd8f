#pragma once
#include "common/http/event_stream.h"
#include "conductor/events/event_hub.h"

#include <deque>
#include <memory>
#include <string>

namespace bm::api {

/// Renders events for server-sent events and caches the texts for other clients. Used on the hub's thread.
class EventTexts {
public:
    /// "id: <sequence>\nevent: <kind>\ndata: <JSON>\n\n"
    const std::string& of(const model::NodeEvent& event);

private:
    struct Text {
        std::int64_t sequence;
        std::string text;
    };
    std::deque<Text> latest_; ///< ordered by sequence
};

/// The event stream of one client, as a subscriber of the hub.
class EventFeed final : public conductor::EventSubscriber {
public:
    /// @param stream  its onChange wakes the hub
    EventFeed(http::EventStreamPtr stream, std::shared_ptr<EventTexts> texts)
        : stream_(std::move(stream)), texts_(std::move(texts))
    {}
    Readiness readiness() override;
    bool take(const model::NodeEvent& event) override { return stream_->write(texts_->of(event)); }
    void end() override { stream_->close(); }

private:
    http::EventStreamPtr stream_;
    std::shared_ptr<EventTexts> texts_; ///< shared by the feeds of all clients and by their creator
};

} // namespace bm::api

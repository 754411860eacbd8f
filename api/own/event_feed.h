#pragma once
#include "common/http/event_stream.h"
#include "conductor/events/event_hub.h"

#include <deque>
#include <memory>
#include <string>

namespace bm::api {

/// Events as text for server-sent events; what was made for one client is kept a while for the next. Used on
/// the hub's thread.
class EventTexts {
public:
    /// "id: <sequence>\nevent: <kind>\ndata: <JSON>\n\n"
    const std::string& of(const model::NodeEvent& event);

private:
    struct Text {
        std::int64_t sequence;
        std::string text;
    };
    std::deque<Text> latest_; ///< rising
};

/// One client's event stream as the hub's subscriber.
class EventFeed final : public conductor::EventSubscriber {
public:
    /// @param stream  whose onChange pokes the hub
    EventFeed(http::EventStreamPtr stream, std::shared_ptr<EventTexts> texts)
        : stream_(std::move(stream)), texts_(std::move(texts))
    {}
    Readiness readiness() override;
    bool take(const model::NodeEvent& event) override { return stream_->write(texts_->of(event)); }
    void end() override { stream_->close(); }

private:
    http::EventStreamPtr stream_;
    std::shared_ptr<EventTexts> texts_; ///< shared by the feeds of all clients, and by who makes them
};

} // namespace bm::api

#pragma once
#include "api/core/api_parts.h"
#include "api/own/event_feed.h"
#include "common/http/router.h"
#include "common/platform/condition.h"

#include <mutex>

namespace bm::api {

/// bm's own: the timeline of a node and the events of all nodes, in pages, with a bounded wait for new
/// events, or as an endless stream of server-sent events.
class EventApi {
public:
    explicit EventApi(const ApiParts& parts) : parts_(parts) {}
    void mount(http::Router& router);
    void stop();

private:
    void ofNode(http::Request& request, http::Response& response);
    void all(http::Request& request, http::Response& response);
    void stream(const http::Request& request, http::Response& response, db::EventFilter filter);
    db::EventFilter filterOf(const http::Request& request) const;
    std::int64_t afterOf(const http::Request& request, std::string_view otherwise) const;
    using Fetch = std::function<std::vector<model::NodeEvent>()>;
    /// Returns the result of @p fetch. While it is empty, waits up to ?wait_seconds=. At most kMaxWaiters
    /// requests wait at a time, because each holds a thread of the listener; others are answered at once.
    std::vector<model::NodeEvent> await(const http::Request& request, const Fetch& fetch);
    bool pause(std::chrono::steady_clock::time_point until);

    const ApiParts& parts_;
    std::shared_ptr<EventTexts> texts_ =
        std::make_shared<EventTexts>(); ///< shared with the hub's feeds, which may outlive this object
    std::mutex mutex_;
    platform::Condition wake_;
    bool stopped_ = false;
    int waiters_ = 0;
};

} // namespace bm::api

#pragma once
#include "api/core/api_parts.h"
#include "api/own/event_feed.h"
#include "common/http/router.h"

#include <condition_variable>
#include <mutex>

namespace bm::api {

/// bm's own: the timeline of a node, and the events of all: in pages, with a bounded wait for new ones, or as
/// server-sent events without an end.
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
    /// What @p fetch finds, waiting for up to ?wait_seconds= while it finds nothing. At most kMaxWaiters wait
    /// at a time, others are answered at once: a waiting request holds a thread of the listener.
    std::vector<model::NodeEvent> await(const http::Request& request, const Fetch& fetch);
    bool pause(std::chrono::steady_clock::time_point until);

    const ApiParts& parts_;
    std::shared_ptr<EventTexts> texts_ = std::make_shared<EventTexts>(); ///< the hub's feeds may outlive us
    std::mutex mutex_;
    std::condition_variable wake_;
    bool stopped_ = false;
    int waiters_ = 0;
};

} // namespace bm::api

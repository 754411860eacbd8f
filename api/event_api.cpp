#include "api/event_api.h"

#include "api/node_view.h"
#include "api/request_values.h"
#include "common/model/error.h"
#include "common/wire/event_json.h"
#include "db/repositories.h"

namespace bm::api {

using http::Method;
using http::Request;
using http::Response;

namespace {

constexpr int kMaxWaiters = 4;
constexpr std::int64_t kMaxWaitSeconds = 30;
constexpr std::chrono::milliseconds kLookInterval{200};

void send(Response& response, const std::vector<model::NodeEvent>& events, std::int64_t after)
{
    wire::JsonWriter out;
    wire::writeEvents(out, events, after);
    response.sendJson(200, out.text());
}

} // namespace

void EventApi::mount(http::Router& router)
{
    router.add(Method::Get, "/v1/events", [this](Request& q, Response& a) { all(q, a); });
    router.add(Method::Get, "/v1/nodes/{ident}/events", [this](Request& q, Response& a) { ofNode(q, a); });
}

void EventApi::stop()
{
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    wake_.notify_all();
}

void EventApi::ofNode(Request& request, Response& response)
{
    refuseOtherQuery(request, "after limit wait_seconds");
    const model::Node node = parts_.nodes.get(identOf(parts_, request));
    const std::int64_t after = numberOf(request, "after", 0, INT64_MAX);
    const std::size_t limit = limitOf(request, 10'000);
    send(response,
         await(request,
               [&] {
                   return parts_.context.database.read([&](db::Transaction& tx) {
                       return db::EventRepository{}.ofNode(tx, node.id, after, limit);
                   });
               }),
         after);
}

void EventApi::all(Request& request, Response& response)
{
    refuseOtherQuery(request, "after limit wait_seconds");
    const bool fromNow = request.queryParam("after").value_or("") == "latest";
    const std::int64_t after = fromNow ? parts_.context.database.read([](db::Transaction& tx) {
        return db::EventRepository{}.latestSequence(tx);
    })
                                       : numberOf(request, "after", 0, INT64_MAX);
    const std::size_t limit = limitOf(request, 10'000);
    send(response,
         await(request,
               [&] {
                   return parts_.context.database.read(
                       [&](db::Transaction& tx) { return db::EventRepository{}.since(tx, after, limit); });
               }),
         after);
}

std::vector<model::NodeEvent> EventApi::await(const Request& request, const Fetch& fetch)
{
    const std::chrono::seconds wait(numberOf(request, "wait_seconds", 0, kMaxWaitSeconds));
    const std::chrono::steady_clock::time_point until = std::chrono::steady_clock::now() + wait;
    std::vector<model::NodeEvent> events = fetch();
    while (events.empty() && pause(until))
        events = fetch();
    return events;
}

bool EventApi::pause(std::chrono::steady_clock::time_point until)
{
    const std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now();
    std::unique_lock lock(mutex_);
    if (stopped_ || now >= until || waiters_ >= kMaxWaiters)
        return false;
    ++waiters_;
    wake_.wait_until(lock, std::min(until, now + kLookInterval), [this] { return stopped_; });
    --waiters_;
    return true;
}

} // namespace bm::api

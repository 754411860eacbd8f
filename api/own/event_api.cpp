#include "api/own/event_api.h"

#include "api/access/shown.h"
#include "api/core/request_values.h"
#include "api/core/route_idents.h"
#include "common/model/error.h"
#include "common/text/text.h"
#include "common/wire/event_json.h"
#include "common/wire/json/json_writer.h"
#include "db/repositories/repositories.h"
#include "db/repositories/rollout_repository.h"

#include <fmt/format.h>

namespace bm::api {

using http::Method;
using http::Request;
using http::Response;

namespace {

constexpr int kMaxWaiters = 4;
constexpr std::int64_t kMaxWaitSeconds = 30;
constexpr std::chrono::milliseconds kLookInterval{200};

bool wantsStream(const Request& request)
{
    if (const auto wanted = request.queryParam("stream"))
        return flagFromText(*wanted, "stream");
    return request.header("Accept").value_or("").find("text/event-stream") != std::string::npos;
}

void send(const Request& request, Response& response, std::vector<model::NodeEvent> events,
          std::int64_t after)
{
    for (model::NodeEvent& event : events)
        event = shownEvent(request, std::move(event));
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
    const model::Node node = parts_.nodes.get(identOf(request));
    const std::int64_t after = numberOf(request, "after", 0, INT64_MAX);
    const std::size_t limit = limitOf(request, 10'000);
    send(request, response,
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
    refuseOtherQuery(request, "after limit wait_seconds stream rollout node kind");
    const db::EventFilter filter = filterOf(request);
    if (wantsStream(request))
        return stream(request, response, filter);
    const std::int64_t after = afterOf(request, "0");
    const std::size_t limit = limitOf(request, 10'000);
    send(request, response,
         await(request,
               [&] {
                   return parts_.context.database.read([&](db::Transaction& tx) {
                       return db::EventRepository{}.matching(tx, filter, after, limit);
                   });
               }),
         after);
}

/// The policy allows it to users of the system only, so that all clients share the texts of the events.
/// Streams from Last-Event-ID or ?after= on; without them, new events only.
void EventApi::stream(const Request& request, Response& response, db::EventFilter filter)
{
    const std::int64_t after = afterOf(request, "latest");
    conductor::EventHub& hub = parts_.events;
    http::StreamSettings settings;
    settings.onChange = [&hub] { hub.poke(); };
    const http::EventStreamPtr client = response.openStream(std::move(settings));
    // Lets a client that loses the connection before the first event resume here.
    client->write(fmt::format("retry: 2000\nid: {}\n\n", after));
    hub.subscribe(std::move(filter), after, std::make_shared<EventFeed>(client, texts_));
}

db::EventFilter EventApi::filterOf(const Request& request) const
{
    db::EventFilter filter;
    filter.kinds = db::kindsFromText(request.queryParam("kind").value_or(""));
    if (const auto node = request.queryParam("node")) // finds the events of a deleted node by uuid, too
        filter.node = model::isUuid(*node) ? model::NodeId{*node} : parts_.nodes.get(*node).id;
    if (const auto rollout = request.queryParam("rollout")) {
        const auto found = parts_.context.database.read([&](db::Transaction& tx) {
            const db::RolloutRepository rollouts;
            const auto known = rollouts.find(tx, model::RolloutId{*rollout});
            return known ? known : rollouts.findByName(tx, *rollout);
        });
        if (!found)
            throw model::Error(model::ErrorCode::NotFound,
                               fmt::format("there is no rollout {}", rollout->substr(0, 80)),
                               "GET /v1/rollouts lists them");
        filter.rollout = found->id;
    }
    return filter;
}

/// The last sequence that the client has received. A browser repeats its URL on reconnection, so
/// Last-Event-ID takes precedence over ?after=.
std::int64_t EventApi::afterOf(const Request& request, std::string_view otherwise) const
{
    const std::string last = request.header("Last-Event-ID").value_or("");
    const std::string after = request.queryParam("after").value_or(std::string(otherwise));
    if (last.empty() && after == "latest")
        return parts_.context.database.read(
            [](db::Transaction& tx) { return db::EventRepository{}.latestSequence(tx); });
    if (last.empty())
        return numberOf(request, "after", 0, INT64_MAX);
    const std::optional<std::int64_t> value = text::parseNumber<std::int64_t>(last);
    if (!value || *value < 0)
        throw model::Error(model::ErrorCode::InvalidInput,
                           fmt::format("Last-Event-ID: \"{}\" is not the id of an event", last.substr(0, 40)),
                           "send the id of the last received event, a whole number");
    return *value;
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

#include "tests/api/api_world.h"

#include <catch2/catch.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>

using namespace bm;
using Catch::Matchers::Contains;
using nlohmann::json;
using test::ApiWorld;

namespace {

/// Reads a stream on its own thread until destruction.
class Reader {
public:
    Reader(const ApiWorld& world, const std::string& path, ApiWorld::Headers headers = {})
        : thread_(
              [this, url = world.base() + path, headers = std::move(headers)](const std::stop_token& stop) {
                  platform::HttpRequest request{platform::Reach::fixed()};
                  request.url = url;
                  request.headers = headers;
                  request.headers.emplace_back("Accept", "text/event-stream");
                  try {
                      platform::HttpClient client;
                      client.stream(request,
                                    [&](std::span<const std::byte> bytes) {
                                        return add(bytes) && !stop.stop_requested();
                                    },
                                    {std::chrono::steady_clock::now() + std::chrono::seconds{60}, stop});
                  } catch (const model::Error&) { // the test ended the stream
                  }
                  const std::lock_guard lock(mutex_);
                  over_ = true;
                  came_.notify_all();
              })
    {}
    /// The events received so far, once there are @p count or the stream has ended.
    std::vector<json> events(std::size_t count)
    {
        std::unique_lock lock(mutex_);
        came_.wait_for(lock, std::chrono::seconds{20}, [&] { return over_ || parsed().size() >= count; });
        return parsed();
    }
    std::string text()
    {
        const std::lock_guard lock(mutex_);
        return text_;
    }
    bool waitForEnd()
    {
        std::unique_lock lock(mutex_);
        return came_.wait_for(lock, std::chrono::seconds{20}, [&] { return over_; });
    }

private:
    bool add(std::span<const std::byte> bytes)
    {
        const std::lock_guard lock(mutex_);
        text_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        came_.notify_all();
        return true;
    }
    std::vector<json> parsed() const
    {
        std::vector<json> events;
        std::size_t at = 0;
        while ((at = text_.find("\ndata: ", at)) != std::string::npos) {
            const std::size_t end = text_.find('\n', at + 1);
            if (end == std::string::npos)
                break;
            events.push_back(json::parse(text_.substr(at + 7, end - at - 7)));
            at = end;
        }
        return events;
    }
    std::mutex mutex_;
    std::condition_variable came_;
    std::string text_;
    bool over_ = false;
    std::jthread thread_;
};

void maintain(ApiWorld& world, const std::string& node, const std::string& reason)
{
    REQUIRE(world.send("PUT", "/v1/nodes/" + node + "/maintenance", {{"reason", reason}}).status == 202);
}

} // namespace

TEST_CASE("server-sent events", "[api][events][stream]")
{
    ApiWorld world;
    const std::string first = world.world.enrol("node-1").id.uuid;
    const std::string second = world.world.enrol("node-2").id.uuid;
    SECTION("show the same events as /v1/events")
    {
        const json old = world.get("/v1/events").body.at("events");
        Reader reader(world, "/v1/events?after=0");
        CHECK(reader.events(old.size()).size() == old.size());
        maintain(world, "node-1", "fan");
        const std::vector<json> events = reader.events(old.size() + 1);
        CHECK(json(events) == world.get("/v1/events").body.at("events"));
        const std::string text = reader.text();
        CHECK_THAT(text, Contains("\nevent: node.maintenance\n"));
        CHECK_THAT(text, Contains("id: " + std::to_string(events.back().at("sequence").get<int>()) + "\n"));
    }
    SECTION("begin with new events, or after Last-Event-ID")
    {
        const std::int64_t latest = world.get("/v1/events").body.at("next_after");
        Reader reader(world, "/v1/events");
        while (reader.text().find("id: " + std::to_string(latest)) == std::string::npos)
            std::this_thread::yield();
        maintain(world, "node-1", "fan");
        maintain(world, "node-2", "disk");
        const std::vector<json> events = reader.events(2);
        REQUIRE(events.size() == 2);
        Reader again(world, "/v1/events?stream=1&after=0",
                     {{"Last-Event-ID", std::to_string(events.at(0).at("sequence").get<int>())}});
        CHECK(again.events(1) == std::vector<json>{events.at(1)});
    }
    SECTION("are filtered by node and kind")
    {
        Reader byName(world, "/v1/events?after=0&node=node-2&kind=node.*");
        Reader byUuid(world, "/v1/events?after=0&node=" + first + "&kind=node.maintenance");
        maintain(world, "node-1", "fan");
        maintain(world, "node-2", "disk");
        CHECK(byUuid.events(1).at(0).at("node_uuid") == first);
        for (const json& event : byName.events(2))
            CHECK(event.at("node_uuid") == second);
        const json page = world.get("/v1/events?node=node-2&kind=node.maintenance").body.at("events");
        REQUIRE(page.size() == 1);
        CHECK(page.at(0).at("node_uuid") == second);
    }
    SECTION("are refused for invalid parameters")
    {
        const ApiWorld::Headers stream = {{"Accept", "text/event-stream"}};
        CHECK(world.ask("GET", "/v1/events?node=nobody", "", "1.82", stream).status == 404);
        CHECK(world.ask("GET", "/v1/events?rollout=none", "", "1.82", stream).status == 404);
        CHECK(world.ask("GET", "/v1/events?kind=s*p", "", "1.82", stream).status == 400);
        CHECK(world.ask("GET", "/v1/events?after=-1", "", "1.82", stream).status == 400);
        CHECK(world.ask("GET", "/v1/events?colour=red", "", "1.82", stream).status == 400);
        CHECK(world.ask("GET", "/v1/events", "", "1.82", {stream.at(0), {"Last-Event-ID", "x"}}).status ==
              400);
    }
    SECTION("end when bmd ends")
    {
        Reader reader(world, "/v1/events?after=0");
        CHECK(reader.events(1).size() >= 1);
        world.world.core->events.stop();
        CHECK(reader.waitForEnd());
    }
}

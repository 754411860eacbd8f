#include "common/http/server.h"
#include "conductor/events/webhooks.h"
#include "db/repositories/webhook_repository.h"
#include "tests/support/world.h"

#include <catch2/catch.hpp>
#include <condition_variable>
#include <fmt/format.h>
#include <mutex>
#include <nlohmann/json.hpp>

using namespace bm;
using namespace std::chrono_literals;
using conductor::Webhooks;
using nlohmann::json;
using test::World;

namespace {

constexpr const char* kSecret = "a secret of some length";

/// A web server that accepts posts after a set number of failures.
class Peer {
public:
    Peer()
    {
        router_.add(http::Method::Post, "/hook",
                    [this](http::Request& request, http::Response& response) { take(request, response); });
        router_.add(http::Method::Post, "/away", [this](http::Request&, http::Response& response) {
            response.header("Location", url("/hook"));
            response.sendEmpty(307);
        });
        server_.start();
    }
    ~Peer() { release(); }
    std::string url(const std::string& path) const
    {
        return fmt::format("http://127.0.0.1:{}{}", server_.port(), path);
    }
    void failNext(int count)
    {
        const std::lock_guard lock(mutex_);
        failures_ = count;
    }
    void hang()
    {
        const std::lock_guard lock(mutex_);
        hanging_ = true;
    }
    void release()
    {
        const std::lock_guard lock(mutex_);
        hanging_ = false;
        changed_.notify_all();
    }
    struct Post {
        json body;
        std::string id;
        std::string kind;
        bool signedWell = false;
    };
    std::vector<Post> waitFor(std::size_t count)
    {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, 20s, [&] { return posts_.size() >= count; });
        return posts_;
    }
    int attempts()
    {
        const std::lock_guard lock(mutex_);
        return attempts_;
    }

private:
    void take(http::Request& request, http::Response& response)
    {
        const std::string body = request.body();
        std::unique_lock lock(mutex_);
        ++attempts_;
        changed_.notify_all();
        changed_.wait_for(lock, 20s, [&] { return !hanging_; });
        if (failures_ > 0) {
            --failures_;
            response.sendEmpty(500);
            return;
        }
        Post post{json::parse(body), request.header("X-Bm-Delivery").value_or(""),
                  request.header("X-Bm-Event").value_or(""), false};
        const std::string signature = request.header("X-Bm-Signature").value_or("");
        const std::size_t comma = signature.find(",v1=");
        if (signature.starts_with("t=") && comma != std::string::npos) {
            const std::string time = signature.substr(2, comma - 2);
            post.signedWell =
                signature.substr(comma + 4) == platform::hmacSha256Hex(kSecret, time + "." + body);
        }
        posts_.push_back(post);
        changed_.notify_all();
        response.sendEmpty(204);
    }
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Post> posts_;
    int failures_ = 0;
    int attempts_ = 0;
    bool hanging_ = false;
    http::Router router_;
    http::Server server_{router_, {}};
};

struct WebhookFixture {
    World world;
    conductor::WebhookSettings settings{300ms, 10ms, 40ms, 4,
                                        std::make_shared<platform::OutgoingPolicy>(platform::OutgoingSettings{
                                            .allow = {{platform::networkFromText("127.0.0.0/8")}}})};
    std::unique_ptr<Webhooks> hooks;
    WebhookFixture() { begin(); }
    ~WebhookFixture() { end(); }
    void begin()
    {
        hooks = std::make_unique<Webhooks>(
            world.core->context.base(),
            [](const model::NodeEvent& event) {
                return json{{"kind", event.kind}, {"sequence", event.sequence}}.dump();
            },
            settings);
        hooks->start();
        world.core->database.onCommit([this](const db::CommitFacts&) { hooks->poke(); });
    }
    void end()
    {
        world.core->database.onCommit({});
        hooks.reset();
    }
    void add(const std::string& name, const std::string& url, const std::string& kinds = "test.*")
    {
        hooks->add({name, url, kSecret, kinds});
    }
    void event(const std::string& kind)
    {
        world.core->database.write([&](db::Transaction& tx) {
            model::NodeEvent event;
            event.kind = kind;
            event.details.text = "{}";
            db::EventRepository{}.append(tx, event);
        });
    }
    template <class Condition> bool until(Condition condition)
    {
        const model::Deadline deadline = model::Deadline::in(20s);
        while (!condition() && !deadline.over())
            std::this_thread::sleep_for(5ms);
        return condition();
    }
};

} // namespace

TEST_CASE("a webhook", "[conductor][webhook]")
{
    Peer peer;
    WebhookFixture world;
    SECTION("posts events of its kinds in order, signed, each once")
    {
        world.event("test.before");
        world.add("chat", peer.url("/hook"));
        for (int i = 0; i < 150; ++i)
            world.event("test.one");
        world.event("other");
        world.event("test.last");
        const std::vector<Peer::Post> posts = peer.waitFor(151);
        REQUIRE(posts.size() == 151);
        CHECK(posts.back().kind == "test.last");
        for (std::size_t i = 0; i < posts.size(); ++i) {
            CHECK(posts[i].signedWell);
            CHECK(posts[i].body.at("id") == posts[i].id);
            CHECK(posts[i].body.at("webhook") == "chat");
            if (i > 0)
                CHECK(posts[i].body.at("event").at("sequence") >
                      posts[i - 1].body.at("event").at("sequence"));
        }
    }
    SECTION("is retried with the same id, and continues after a restart")
    {
        peer.failNext(2);
        world.add("chat", peer.url("/hook"));
        world.event("test.one");
        CHECK(peer.waitFor(1).size() == 1);
        CHECK(peer.attempts() == 3);
        CHECK(world.until([&] { return world.hooks->get("chat").delivered == 1; }));
        world.end();
        world.event("test.two");
        world.begin();
        const std::vector<Peer::Post> posts = peer.waitFor(2);
        REQUIRE(posts.size() == 2);
        CHECK(posts.at(1).kind == "test.two");
        CHECK(posts.at(0).id != posts.at(1).id);
    }
    SECTION("that hangs delays no other, is suspended with its error, and resumed by a test")
    {
        Peer deaf;
        deaf.hang();
        world.add("deaf", deaf.url("/hook"));
        world.add("chat", peer.url("/hook"));
        world.event("test.one");
        CHECK(peer.waitFor(1).size() == 1);
        CHECK(world.until([&] { return world.hooks->get("deaf").parked; }));
        const model::Webhook parked = world.hooks->get("deaf");
        CHECK(parked.failures == 4);
        CHECK_FALSE(parked.lastError.empty());
        CHECK_FALSE(world.hooks->test("deaf").error.empty());
        deaf.release();
        const conductor::WebhookTest test = world.hooks->test("deaf");
        CHECK(test.error.empty());
        CHECK(test.resumed);
        CHECK(world.until([&] { return world.hooks->get("deaf").delivered == 1; }));
        CHECK_FALSE(world.hooks->get("deaf").parked);
    }
    SECTION("does not follow redirects")
    {
        world.add("away", peer.url("/away"));
        CHECK_THAT(world.hooks->test("away").error, Catch::Matchers::Contains("307"));
        CHECK(peer.attempts() == 0);
    }
    SECTION("that is deleted gets no further event; stop does not wait for one that hangs")
    {
        world.add("chat", peer.url("/hook"));
        world.hooks->remove("chat");
        world.event("test.one");
        CHECK_THROWS_AS(world.hooks->get("chat"), model::Error);
        peer.hang();
        world.add("slow", peer.url("/hook"));
        world.event("test.two");
        CHECK(world.until([&] { return peer.attempts() == 1; }));
        world.hooks->stop();
    }
    SECTION("is refused with an unusable URL, and never shows its secret")
    {
        CHECK_THROWS_AS(world.hooks->add({"a b", peer.url("/hook"), "", ""}), model::Error);
        CHECK_THROWS_AS(world.hooks->add({"a", "ftp://x/", "", ""}), model::Error);
        CHECK_THROWS_AS(world.hooks->add({"a", "http://", "", ""}), model::Error);
        CHECK_THROWS_AS(world.hooks->add({"a", "http://u:p@host/", "", ""}), model::Error);
        CHECK_THROWS_AS(world.hooks->add({"a", peer.url("/hook"), "short", ""}), model::Error);
        CHECK_THROWS_AS(world.hooks->add({"a", peer.url("/hook"), "", "x*y"}), model::Error);
        const Webhooks::Added added = world.hooks->add({"a", peer.url("/hook"), "", ""});
        CHECK(added.secret.size() == 64);
        CHECK(platform::SecretBox::isSealed(added.hook.secretSealed.text));
        CHECK_THROWS_AS(world.hooks->add({"a", peer.url("/hook"), "", ""}), model::Error);
    }
}

TEST_CASE("a webhook's signature", "[conductor][webhook]")
{
    // RFC 4231, 4.3
    CHECK(platform::hmacSha256Hex("Jefe", "what do ya want for nothing?") ==
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    CHECK(conductor::webhookSignature("k", 5, "b") == "t=5,v1=" + platform::hmacSha256Hex("k", "5.b"));
}

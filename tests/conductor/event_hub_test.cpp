#include "conductor/events/event_hub.h"

#include "db/open/open_database.h"
#include "db/repositories/repositories.h"
#include "tests/support/world.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>

using namespace bm;
using namespace std::chrono_literals;
using conductor::EventHub;
using conductor::EventSubscriber;

namespace {

/// Records the sequences of its events. Takes @ref room of them, then none until room grows.
class Listener final : public EventSubscriber {
public:
    Readiness readiness() override
    {
        return gone ? Readiness::Gone : room > 0 ? Readiness::Ready : Readiness::Busy;
    }
    bool take(const model::NodeEvent& event) override
    {
        const std::lock_guard lock(mutex_);
        if (room <= 0)
            return false;
        --room;
        heard_.push_back(event.sequence);
        changed_.notify_all();
        return true;
    }
    void end() override
    {
        const std::lock_guard lock(mutex_);
        ended_ = true;
    }
    std::vector<std::int64_t> waitFor(std::size_t count)
    {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, 20s, [&] { return heard_.size() >= count; });
        return heard_;
    }
    bool ended()
    {
        const std::lock_guard lock(mutex_);
        return ended_;
    }
    std::atomic<int> room = 1'000'000;
    std::atomic<bool> gone = false;

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::int64_t> heard_;
    bool ended_ = false;
};

struct Fixture {
    db::Database database = db::openDatabase({});
    EventHub hub{database};
    Fixture()
    {
        database.onCommit([this](const db::CommitFacts&) { hub.poke(); });
    }
    ~Fixture() { database.onCommit({}); }
    std::int64_t append(const std::string& kind = "test.one", const std::string& node = "")
    {
        return database.write([&](db::Transaction& tx) {
            model::NodeEvent event;
            event.kind = kind;
            event.node.uuid = node;
            event.details.text = "{}";
            return db::EventRepository{}.append(tx, event);
        });
    }
    void appendMany(int count)
    {
        database.write([&](db::Transaction& tx) {
            model::NodeEvent event;
            event.kind = "test.many";
            event.details.text = "{}";
            for (int i = 0; i < count; ++i)
                db::EventRepository{}.append(tx, event);
        });
    }
    std::shared_ptr<Listener> listen(std::int64_t after, db::EventFilter filter = {})
    {
        auto listener = std::make_shared<Listener>();
        hub.subscribe(std::move(filter), after, listener);
        return listener;
    }
};

std::vector<std::int64_t> sequence(std::int64_t first, std::int64_t last)
{
    std::vector<std::int64_t> all;
    for (std::int64_t i = first; i <= last; ++i)
        all.push_back(i);
    return all;
}

} // namespace

TEST_CASE("a hub hands out committed events", "[conductor][events]")
{
    Fixture world;
    SECTION("in order, old and new alike, without gap or duplicate")
    {
        world.appendMany(3'000);
        std::thread writing([&] {
            for (int i = 0; i < 500; ++i)
                world.append();
        });
        const auto all = world.listen(0);
        const auto some = world.listen(2'990);
        writing.join();
        CHECK(all->waitFor(3'500) == sequence(1, 3'500));
        CHECK(some->waitFor(510) == sequence(2'991, 3'500));
        world.append();
        CHECK(all->waitFor(3'501).back() == 3'501);
        CHECK(some->waitFor(511).back() == 3'501);
        world.hub.stop();
        CHECK(world.hub.delivered() == 3'501 + 511);
    }
    SECTION("by node and kind, for one subscriber or several")
    {
        const auto steps = world.listen(0, {{"n1"}, {}, {"step.*", "state.changed"}});
        const auto early = world.listen(0, {{"n1"}, {}, {"step.*", "state.changed"}});
        world.append("step.done", "n1");
        world.append("step.done", "n2");
        world.append("stepwise", "n1");
        world.append("state.changed", "n1");
        CHECK(steps->waitFor(2) == std::vector<std::int64_t>{1, 4});
        CHECK(early->waitFor(2) == std::vector<std::int64_t>{1, 4});
        const auto late = world.listen(0, {{"n1"}, {}, {"step.*", "state.changed"}});
        CHECK(late->waitFor(2) == std::vector<std::int64_t>{1, 4});
    }
    SECTION("to slow subscribers when they are ready, to gone ones never; then it ends them")
    {
        const auto slow = world.listen(0);
        slow->room = 10;
        const auto fast = world.listen(0);
        world.appendMany(700);
        CHECK(fast->waitFor(700) == sequence(1, 700));
        CHECK(slow->waitFor(10) == sequence(1, 10));
        slow->room = 1'000;
        world.hub.poke();
        CHECK(slow->waitFor(700) == sequence(1, 700));
        slow->gone = true;
        world.append();
        CHECK(fast->waitFor(701).size() == 701);
        world.append();
        CHECK(fast->waitFor(702).size() == 702);
        CHECK(slow->waitFor(0).size() == 700);
        CHECK(world.hub.subscribers() == 1);
        world.hub.stop();
        CHECK(fast->ended());
        const auto never = world.listen(0);
        CHECK(never->ended());
    }
}

TEST_CASE("kinds of events as people write them", "[db][events]")
{
    CHECK(db::kindsFromText("").empty());
    CHECK(db::kindsFromText("step.*,state.changed") == std::vector<std::string>{"step.*", "state.changed"});
    CHECK(db::kindsFromText("boot.spared") == // renamed; rows and clients may have either text
          std::vector<std::string>{"boot.fast-track", "boot.spared"});
    CHECK_THROWS_AS(db::kindsFromText("step.*,"), model::Error);
    CHECK_THROWS_AS(db::kindsFromText("s*p"), model::Error);
    CHECK_THROWS_AS(db::kindsFromText("a b"), model::Error);
}

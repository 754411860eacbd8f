#include "common/platform/loop.h"
#include "common/platform/wake_up.h"
#include "common/platform/work_queue.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <memory>
#include <poll.h>
#include <stdexcept>
#include <vector>

using namespace bm::platform;
using namespace std::chrono_literals;

namespace {

/// Counts passes and waits for a number of them.
class Passes {
public:
    void count()
    {
        const std::lock_guard lock(mutex_);
        ++passes_;
        changed_.notify_all();
    }
    bool reach(int wanted)
    {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, 30s, [&] { return passes_ >= wanted; });
    }
    int now()
    {
        const std::lock_guard lock(mutex_);
        return passes_;
    }

private:
    std::mutex mutex_{};
    std::condition_variable changed_{};
    int passes_ = 0;
};

} // namespace

TEST_CASE("a loop", "[platform][loop]")
{
    Passes passes;
    SECTION("makes a pass in each period")
    {
        Loop loop("test", [&](const std::stop_token&) {
            passes.count();
            return Loop::Pause::upTo(1ms);
        });
        loop.start();
        CHECK(passes.reach(3));
    }
    SECTION("makes a pass for a wake, and for one that came before the start")
    {
        Loop loop("test", [&](const std::stop_token&) {
            passes.count();
            return Loop::Pause::untilWoken();
        });
        loop.wake();
        loop.start(Loop::Pause::untilWoken());
        REQUIRE(passes.reach(1));
        loop.wake();
        CHECK(passes.reach(2));
    }
    SECTION("does not lose a wake that comes during a pass")
    {
        Loop* self = nullptr;
        Loop loop("test", [&](const std::stop_token&) {
            if (passes.now() == 0)
                self->wake();
            passes.count();
            return Loop::Pause::untilWoken();
        });
        self = &loop;
        loop.start();
        CHECK(passes.reach(2));
    }
    SECTION("does not shorten an exact pause for a wake")
    {
        Loop loop("test", [&](const std::stop_token&) {
            passes.count();
            return Loop::Pause::exactly(1h);
        });
        loop.start();
        REQUIRE(passes.reach(1));
        loop.wake();
        std::this_thread::sleep_for(20ms);
        CHECK(passes.now() == 1);
    }
    SECTION("goes on after an exception")
    {
        Loop loop(
            "test",
            [&](const std::stop_token&) -> Loop::Pause {
                passes.count();
                throw std::runtime_error("a failed pass");
            },
            1ms);
        loop.start();
        CHECK(passes.reach(3));
    }
    SECTION("stops in a pause and in a pass, and starts again")
    {
        Loop loop("test", [&](const std::stop_token& stop) {
            passes.count();
            while (!stop.stop_requested())
                std::this_thread::yield();
            return Loop::Pause::exactly(1h);
        });
        loop.start(Loop::Pause::exactly(1h));
        loop.stop();
        CHECK(passes.now() == 0);
        loop.start();
        REQUIRE(passes.reach(1));
        loop.stop();
        loop.stop();
        CHECK(passes.now() == 1);
    }
}

TEST_CASE("a work queue gives each item to one thread", "[platform][queue]")
{
    constexpr int kItems = 1000;
    WorkQueue<std::unique_ptr<int>> queue;
    std::atomic<int> sum = 0;
    Passes taken;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 3; ++i)
            threads.emplace_back([&](const std::stop_token& stop) {
                while (const std::optional<std::unique_ptr<int>> item = queue.take(stop)) {
                    sum += **item;
                    taken.count();
                }
            });
        for (int i = 1; i <= kItems; ++i)
            queue.push(std::make_unique<int>(i));
        CHECK(taken.reach(kItems));
    }
    CHECK(sum == kItems * (kItems + 1) / 2);
    CHECK(queue.size() == 0);
}

TEST_CASE("a stopped work queue returns no item", "[platform][queue]")
{
    WorkQueue<int> queue;
    queue.push(1);
    std::stop_source stop;
    stop.request_stop();
    CHECK_FALSE(queue.take(stop.get_token()));
    CHECK(queue.size() == 1);
    queue.clear();
    CHECK(queue.size() == 0);
}

TEST_CASE("a wake-up is readable until it is cleared", "[platform][wake]")
{
    const WakeUp wakeUp;
    const auto readable = [&] {
        pollfd entry{wakeUp.fd(), POLLIN, 0};
        return ::poll(&entry, 1, 0) == 1;
    };
    CHECK_FALSE(readable());
    wakeUp.wake();
    wakeUp.wake();
    CHECK(readable());
    CHECK(readable());
    wakeUp.clear();
    CHECK_FALSE(readable());
    wakeUp.clear();
}

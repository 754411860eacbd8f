#include "common/platform/condition.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <mutex>
#include <thread>

using bm::platform::Condition;
using namespace std::chrono_literals;

TEST_CASE("a waiting thread goes on although its notification was lost", "[condition]")
{
    std::mutex mutex;
    Condition changed;
    bool ready = false;
    std::stop_source stop;
    std::atomic<int> ended = 0;
    const auto isReady = [&] { return ready; };
    std::jthread plain([&] {
        std::unique_lock lock(mutex);
        changed.wait(lock, isReady);
        ++ended;
    });
    std::jthread stoppable([&] {
        std::unique_lock lock(mutex);
        ended += changed.wait(lock, stop.get_token(), isReady) ? 1 : 0;
    });
    std::jthread timed([&] {
        std::unique_lock lock(mutex);
        ended += changed.wait_for(lock, stop.get_token(), 1h, isReady) ? 1 : 0;
    });
    std::this_thread::sleep_for(50ms);
    CHECK(ended == 0);
    {
        const std::lock_guard lock(mutex);
        ready = true; // and nobody notifies
    }
    plain.join();
    stoppable.join();
    timed.join();
    CHECK(ended == 3);
}

TEST_CASE("a wait ends at a stop request and at its time", "[condition]")
{
    std::mutex mutex;
    Condition changed;
    const auto never = [] { return false; };
    std::stop_source stop;
    std::jthread stopper([&] {
        std::this_thread::sleep_for(20ms);
        stop.request_stop();
    });
    std::unique_lock lock(mutex);
    CHECK_FALSE(changed.wait(lock, stop.get_token(), never));
    CHECK_FALSE(changed.wait_for(lock, stop.get_token(), 1h, never));
    const auto begin = std::chrono::steady_clock::now();
    CHECK_FALSE(changed.wait_until(lock, begin + 30ms, never));
    CHECK_FALSE(changed.wait_for(lock, std::stop_token(), 30ms, never));
    CHECK(std::chrono::steady_clock::now() - begin >= 60ms);
}

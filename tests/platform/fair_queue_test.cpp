#include "common/platform/fair_queue.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>
#include <vector>

using bm::platform::FairQueue;

namespace {

using Queue = FairQueue<int>;

/// What may begin now: take() without waiting for long.
std::optional<Queue::Work> takeNow(Queue& queue)
{
    std::optional<Queue::Work> taken;
    std::atomic<bool> done = false;
    std::jthread thread([&](const std::stop_token& stop) {
        if (std::optional<Queue::Work> work = queue.take(stop))
            taken.emplace(std::move(*work));
        done = true;
    });
    for (int i = 0; i < 50 && !done; ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    thread.request_stop();
    thread.join();
    return taken;
}

} // namespace

TEST_CASE("a fair queue", "[platform][fair-queue]")
{
    SECTION("gives the work of one owner in its order")
    {
        Queue queue(16);
        for (int i = 0; i < 3; ++i)
            queue.push("a", i);
        for (int i = 0; i < 3; ++i)
            CHECK(takeNow(queue)->item == i);
        CHECK_FALSE(takeNow(queue));
    }
    SECTION("takes from the owner with the fewest in work first")
    {
        Queue queue(16);
        for (int i = 0; i < 5; ++i)
            queue.push("many", i);
        queue.push("few", 10);
        queue.push("few", 11);
        const auto first = takeNow(queue);
        CHECK(first->item == 0);
        const auto second = takeNow(queue);
        CHECK(second->item == 10);
        CHECK(takeNow(queue)->item == 1);
        CHECK(takeNow(queue)->item == 2);
    }
    SECTION("leaves threads for others while one owner holds its share")
    {
        Queue queue(16);
        for (int i = 0; i < 20; ++i)
            queue.push("slow", i);
        std::vector<Queue::Work> held;
        while (auto work = takeNow(queue))
            held.push_back(std::move(*work));
        CHECK(held.size() == 14);
        queue.push("other", 100);
        CHECK(takeNow(queue)->item == 100);
        held.pop_back();
        CHECK(takeNow(queue)->item == 14);
    }
    SECTION("gives each owner one thread, even the last")
    {
        Queue queue(1);
        queue.push("a", 1);
        CHECK(takeNow(queue)->item == 1);
        queue.push("a", 2);
        CHECK(takeNow(queue)->item == 2);
    }
    SECTION("counts work for another owner once that is known")
    {
        Queue queue(16);
        for (int i = 0; i < 20; ++i)
            queue.push("address", i);
        std::vector<Queue::Work> held;
        for (int i = 0; i < 14; ++i) {
            held.push_back(*takeNow(queue));
            CHECK(held.back().belongsTo("user " + std::to_string(i)));
        }
        held.push_back(*takeNow(queue));
        CHECK(held.back().item == 14);
        CHECK(held.back().belongsTo("user 0"));
        held.push_back(*takeNow(queue));
        CHECK_FALSE(held.back().belongsTo("user 0"));
    }
}

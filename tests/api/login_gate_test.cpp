// The limits of password checks that run at the same time.
#include "api/access/login_gate.h"
#include "common/model/error.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

using namespace bm;
using namespace std::chrono_literals;
using api::LoginGate;
using model::ErrorCode;

namespace {

bool right()
{
    return true;
}

/// "right", "wrong" or the code of the refusal.
std::string outcome(LoginGate& gate, const std::string& client, const std::string& key,
                    const std::function<bool()>& verify = right)
{
    try {
        return gate.check(client, key, verify) ? "right" : "wrong";
    } catch (const model::Error& error) {
        return std::string(model::toText(error.code()));
    }
}

/// A check that runs until release().
class Running {
public:
    Running(LoginGate& gate, const std::string& client, const std::string& key, bool result = true)
    {
        thread_ = std::jthread([this, &gate, client, key, result] {
            outcome_ = outcome(gate, client, key, [this, result] {
                begun_.count_down();
                go_.wait();
                return result;
            });
        });
        begun_.wait();
    }
    ~Running() { release(); }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    std::string release()
    {
        if (thread_.joinable()) {
            go_.count_down();
            thread_.join();
        }
        return outcome_;
    }

private:
    std::latch begun_{1};
    std::latch go_{1};
    std::string outcome_{};
    std::jthread thread_{};
};

/// Requests for the same credentials, on threads; they end with the check that they wait for.
std::vector<std::future<std::string>> sharers(LoginGate& gate, const std::string& client,
                                              const std::string& key, int count)
{
    std::vector<std::future<std::string>> made;
    for (int i = 0; i < count; ++i)
        made.push_back(std::async(std::launch::async, [&gate, client, key] {
            return outcome(gate, client, key, [] { return false; });
        }));
    return made;
}

} // namespace

TEST_CASE("password checks at the same time", "[api][auth]")
{
    LoginGate gate({.running = 3, .runningPerClient = 2, .waiting = 2});
    SECTION("of one client are refused above its limit, before they hash")
    {
        Running first(gate, "10.0.0.1", "a");
        Running second(gate, "10.0.0.1", "b");
        std::atomic<bool> hashed{false};
        CHECK(outcome(gate, "10.0.0.1", "c", [&] { return hashed = true; }) == "unavailable");
        CHECK_FALSE(hashed);
        CHECK(outcome(gate, "10.0.0.2", "c") == "right");
        CHECK(first.release() == "right");
        CHECK(outcome(gate, "10.0.0.1", "c") == "right");
    }
    SECTION("of all clients are refused above the limit")
    {
        Running first(gate, "10.0.0.1", "a");
        Running second(gate, "10.0.0.2", "b");
        Running third(gate, "10.0.0.3", "c");
        CHECK(outcome(gate, "10.0.0.4", "d") == "unavailable");
        CHECK(third.release() == "right");
        CHECK(outcome(gate, "10.0.0.4", "d") == "right");
    }
    SECTION("with the same credentials share one check and its result")
    {
        for (const bool result : {true, false}) {
            Running first(gate, "10.0.0.1", "same", result);
            std::vector<std::future<std::string>> others = sharers(gate, "10.0.0.1", "same", 6);
            const auto ended = [](const std::future<std::string>& one) {
                return one.wait_for(0s) == std::future_status::ready;
            };
            const auto until = std::chrono::steady_clock::now() + 20s;
            while (std::count_if(others.begin(), others.end(), ended) < 4 &&
                   std::chrono::steady_clock::now() < until)
                std::this_thread::sleep_for(2ms); // polls: two wait, four are refused
            first.release();
            std::vector<std::string> texts;
            for (std::future<std::string>& one : others)
                texts.push_back(one.get());
            CHECK(std::count(texts.begin(), texts.end(), "unavailable") == 4);
            CHECK(std::count(texts.begin(), texts.end(), result ? "right" : "wrong") == 2);
        }
    }
    SECTION("give their place back when they throw")
    {
        for (int i = 0; i < 5; ++i)
            CHECK(outcome(gate, "10.0.0.1", "a", []() -> bool {
                      throw model::Error(ErrorCode::Internal, "no memory");
                  }) == "internal");
        CHECK(outcome(gate, "10.0.0.1", "a") == "right");
    }
}

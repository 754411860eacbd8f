// Small parts: the kernel command line, the log's tail, checksums.
#include "agent/agent_options.h"
#include "agent/base/agent_log.h"
#include "agent/base/progress_watch.h"
#include "agent/disk/gpt.h"
#include "agent/relay/source_choice.h"
#include "common/platform/log.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <cstddef>
#include <string>

using namespace bm::agent;

TEST_CASE("the kernel command line", "[agent]")
{
    SECTION("gives api, node, secret and the booting NIC")
    {
        const BootArguments found =
            parseKernelCommandLine("quiet bm.api=http://10.77.0.1:6386/ bm.node=u bm.secret=5ec "
                                   "BOOTIF=01-52-54-00-12-34-56 console=ttyS0,115200n8\n");
        CHECK(found.apiBase == "http://10.77.0.1:6386");
        CHECK(found.nodeUuid == "u");
        CHECK(found.secret == "5ec");
        CHECK(found.bootInterface == "52:54:00:12:34:56");
    }
    SECTION("may repeat itself: the last word counts")
    {
        CHECK(parseKernelCommandLine("bm.node=a bm.node=b").nodeUuid == "b");
    }
    SECTION("may be quoted, empty or without BOOTIF")
    {
        CHECK(parseKernelCommandLine("x=\"a bm.node=no\" bm.node=yes").nodeUuid == "yes");
        CHECK(parseKernelCommandLine("").apiBase.empty());
        CHECK(parseKernelCommandLine("BOOTIF=nonsense").bootInterface.empty());
    }
}

TEST_CASE("the log's tail", "[agent]")
{
    bm::platform::setLogLevel(bm::platform::LogLevel::Error);
    AgentLog log;
    SECTION("has the lines since its last delivery")
    {
        log.info("one");
        const std::string first = log.tail();
        log.info("two");
        log.drop(first.size());
        CHECK(first == "one\n");
        CHECK(log.tail() == "two\n");
    }
    SECTION("is bounded and drops its oldest whole lines first")
    {
        for (int i = 0; i < 5000; ++i)
            log.info("line " + std::to_string(i));
        const std::string tail = log.tail();
        CHECK(tail.size() <= AgentLog::kTailBytes);
        CHECK(tail.starts_with("line "));
        CHECK(tail.ends_with("line 4999\n"));
    }
    SECTION("drops no line that arrives during a delivery")
    {
        log.info("old");
        const std::string sent = log.tail();
        for (int i = 0; i < 5000; ++i)
            log.info("line " + std::to_string(i));
        log.drop(sent.size());
        CHECK(log.tail().ends_with("line 4999\n"));
        CHECK(log.tail().size() > AgentLog::kTailBytes - 20);
    }
    bm::platform::setLogLevel(bm::platform::LogLevel::Info);
}

TEST_CASE("CRC-32 is zlib's", "[agent]")
{
    const std::string text = "123456789";
    CHECK(crc32(std::as_bytes(std::span(text))) == 0xcbf43926U);
}

TEST_CASE("a step without progress is noticed", "[agent]")
{
    using namespace std::chrono_literals;
    const ProgressWatch::Time start{};
    ProgressWatch watch;
    CHECK(watch.look("a", 0, "reading", start).empty());
    CHECK(watch.look("a", 0, "reading", start + 59s).empty());
    SECTION("after 1, 2, 4 minutes")
    {
        CHECK(watch.look("a", 0, "reading", start + 60s) == "no progress for 60 s at 0 MiB: reading");
        CHECK(watch.look("a", 0, "reading", start + 119s).empty());
        CHECK_FALSE(watch.look("a", 0, "reading", start + 120s).empty());
        CHECK(watch.look("a", 0, "reading", start + 239s).empty());
        CHECK_FALSE(watch.look("a", 0, "reading", start + 240s).empty());
    }
    SECTION("not when bytes, its activity or the step changed")
    {
        CHECK(watch.look("a", 5 << 20U, "reading", start + 60s).empty());
        CHECK(watch.look("a", 5 << 20U, "sending", start + 120s).empty());
        CHECK(watch.look("b", 5 << 20U, "sending", start + 180s).empty());
        watch.forget();
        CHECK(watch.look("b", 5 << 20U, "sending", start + 240s).empty());
        CHECK(watch.look("b", 5 << 20U, "sending", start + 300s) == "no progress for 60 s at 5 MiB: sending");
    }
}

TEST_CASE("a source of wrong blocks", "[agent][relay]")
{
    using namespace std::chrono_literals;
    bm::platform::setLogLevel(bm::platform::LogLevel::Error);
    AgentLog log;
    RelayCopy copy(RelayPlan{});
    SourceChoice choice(copy, log);
    const SourceChoice::Clock::time_point now{100s};
    const auto strike = [&](std::size_t first, std::size_t count, bool vouchedFor) {
        for (std::size_t block = first; block < first + count; ++block)
            choice.strike("peer", block, vouchedFor, now);
    };
    SECTION("lies with the second one that it vouched for")
    {
        strike(1, 1, true);
        strike(1, 1, true);
        CHECK_FALSE(choice.lies("peer"));
        strike(2, 1, true);
        CHECK(choice.lies("peer"));
        CHECK_FALSE(choice.lies("another"));
    }
    SECTION("has five seconds to withdraw others")
    {
        strike(0, 100, false);
        choice.caughtUp("peer", now + 4s);
        CHECK_FALSE(choice.lies("peer"));
        for (std::size_t block = 1; block < 100; ++block)
            choice.forgive("peer", block);
        choice.caughtUp("peer", now + 6s);
        CHECK_FALSE(choice.lies("peer"));
        strike(100, 1, false);
        choice.caughtUp("peer", now + 6s);
        CHECK(choice.lies("peer"));
    }
    SECTION("may withdraw before this node verifies")
    {
        choice.forgive("peer", 1);
        choice.forgive("peer", 2);
        strike(1, 2, false);
        choice.caughtUp("peer", now + 60s);
        CHECK_FALSE(choice.lies("peer"));
        strike(1, 2, false); // sent again
        choice.caughtUp("peer", now + 60s);
        CHECK(choice.lies("peer"));
    }
    SECTION("may not exceed the memory of an innocent one")
    {
        strike(0, 511, false);
        CHECK_FALSE(choice.lies("peer"));
        strike(511, 1, false);
        CHECK(choice.lies("peer"));
    }
    SECTION("may not withdraw without limit")
    {
        for (std::size_t block = 0; block < 1024; ++block) {
            CHECK_FALSE(choice.lies("peer"));
            strike(block, 1, false);
            choice.forgive("peer", block);
        }
        CHECK(choice.lies("peer"));
    }
}

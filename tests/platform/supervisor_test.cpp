#include "common/platform/supervisor.h"

#include "common/model/error.h"
#include "common/platform/files.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>
#include <unistd.h>

using namespace std::chrono_literals;
using bm::platform::Service;
using bm::platform::Supervisor;

namespace {

/// Collects a service's lines; a test waits for the one it expects.
class Lines {
public:
    void add(const std::string& line)
    {
        const std::lock_guard lock(mutex_);
        lines_.push_back(line);
        changed_.notify_all();
    }
    /// True if @p line arrives @p times within 20 s.
    bool saw(const std::string& line, long times = 1)
    {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, 20s,
                                 [&] { return std::count(lines_.begin(), lines_.end(), line) >= times; });
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::string> lines_;
};

Service service(Lines& lines, const std::string& script)
{
    Service made;
    made.name = "test";
    made.command.argv = {"/bin/sh", "-c", script};
    made.onLine = [&lines](const std::string& line) { lines.add(line); };
    return made;
}

bool exists(int pid)
{
    return ::kill(pid, 0) == 0;
}

} // namespace

TEST_CASE("a supervised program", "[platform][supervisor]")
{
    Lines lines;
    SECTION("runs until it is stopped, and its lines arrive from both streams")
    {
        Supervisor supervisor(
            service(lines, "echo out; echo err >&2; printf 'no end'; exec sleep 60 >&- 2>&-"));
        supervisor.start();
        supervisor.start(); // a second call changes nothing
        CHECK(lines.saw("out"));
        CHECK(lines.saw("err"));
        CHECK(lines.saw("no end"));
        CHECK(supervisor.running());
        const int pid = supervisor.pid();
        CHECK(pid > 0);
        supervisor.stop();
        CHECK_FALSE(supervisor.running());
        CHECK(supervisor.pid() == 0);
        CHECK_FALSE(exists(pid));
        CHECK(supervisor.restarts() == 0);
    }
    SECTION("starts again a second after its death")
    {
        Supervisor supervisor(service(lines, "echo hello; exec sleep 60"));
        supervisor.start();
        REQUIRE(lines.saw("hello"));
        const auto died = std::chrono::steady_clock::now();
        supervisor.signal(SIGKILL);
        CHECK(lines.saw("hello", 2));
        CHECK(std::chrono::steady_clock::now() - died >= 900ms);
        CHECK(supervisor.restarts() == 1);
    }
    SECTION("gets signals")
    {
        Supervisor supervisor(
            service(lines, "trap 'echo read again' HUP; echo ready; while :; do sleep 0.05; done"));
        supervisor.start();
        REQUIRE(lines.saw("ready"));
        supervisor.signal(SIGHUP);
        CHECK(lines.saw("read again"));
    }
    SECTION("that ignores TERM is killed with its helpers on destruction")
    {
        int pid = 0;
        {
            Supervisor supervisor(service(lines, "trap '' TERM; echo ready; while :; do sleep 0.05; done"));
            supervisor.start();
            REQUIRE(lines.saw("ready"));
            pid = supervisor.pid();
        }
        CHECK_FALSE(exists(pid));
    }
    SECTION("whose listener throws goes on")
    {
        Service made = service(lines, "echo first; echo second; exec sleep 60");
        made.onLine = [&lines](const std::string& line) {
            lines.add(line);
            throw std::runtime_error("cannot take it");
        };
        Supervisor supervisor(std::move(made));
        supervisor.start();
        CHECK(lines.saw("second"));
    }
    SECTION("has its hook run between fork and exec")
    {
        Service made = service(lines, "pwd");
        made.inChild = [] { [[maybe_unused]] const int moved = ::chdir("/usr"); };
        Supervisor supervisor(std::move(made));
        supervisor.start();
        CHECK(lines.saw("/usr"));
    }
    SECTION("that does not exist makes start() throw")
    {
        Service made = service(lines, "");
        made.command.argv = {"no-such-program-of-bm"};
        Supervisor supervisor(std::move(made));
        CHECK_THROWS_AS(supervisor.start(), bm::model::Error);
        CHECK_FALSE(supervisor.running());
    }
}

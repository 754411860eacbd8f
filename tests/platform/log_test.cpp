#include "common/platform/log.h"

#include "common/platform/files.h"

#include <array>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fcntl.h>
#include <functional>
#include <termios.h>
#include <unistd.h>

using namespace bm::platform;

namespace {

/// The output of @p action on stderr.
std::string stderrOf(const std::function<void()>& action)
{
    const TemporaryFolder folder;
    const std::filesystem::path path = folder.path() / "log";
    const Fd file(::open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600));
    const Fd saved(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3));
    ::dup2(file.get(), STDERR_FILENO);
    action();
    ::dup2(saved.get(), STDERR_FILENO);
    return readFile(path);
}

} // namespace

TEST_CASE("a log line", "[platform][log]")
{
    SECTION("has time, level, area and message")
    {
        const std::string text = stderrOf([] { logInfo("http", "{} requests", 3); });
        CHECK_THAT(text, Catch::Matchers::Matches(
                             R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO http 3 requests\n)"));
    }
    SECTION("escapes line breaks in a message")
    {
        const std::string text = stderrOf([] { logWarning("http", "{}", "a\nERROR forged\x1b[2J"); });
        CHECK(text.ends_with("WARNING http a\\nERROR forged\\u001b[2J\n"));
        CHECK(std::count(text.begin(), text.end(), '\n') == 1);
    }
    SECTION("is not printed below the level")
    {
        CHECK(stderrOf([] { logDebug("http", "quiet"); }).empty());
        setLogLevel(LogLevel::Debug);
        CHECK(stderrOf([] { logDebug("http", "loud"); }).find("DEBUG http loud") != std::string::npos);
        setLogLevel(LogLevel::Info);
    }
    SECTION("is JSON in the JSON format")
    {
        setLogJson(true);
        const std::string text = stderrOf([] { logError("db", "a \"b\"\n"); });
        setLogJson(false);
        CHECK(text.starts_with(R"({"ts":"2)"));
        CHECK(text.find(R"("level":"ERROR","area":"db","message":"a \"b\"\n"})") != std::string::npos);
    }
    SECTION("has its context's members in JSON, without the empty ones")
    {
        setLogJson(true);
        const std::string text = stderrOf([] {
            const LogScope request({"req-1", {}, {}});
            {
                const LogScope step({{}, "rack1-07", "op-1"});
                logError("db", "inner");
            }
            logError("db", "outer");
        });
        setLogJson(false);
        CHECK(text.find(R"("message":"inner","request_id":"req-1","node":"rack1-07","operation":"op-1"})") !=
              std::string::npos);
        CHECK(text.find(R"("message":"outer","request_id":"req-1"})") != std::string::npos);
    }
    SECTION("stays in memory with the latest ones, also below the printed level")
    {
        setLogLevel(LogLevel::Error);
        for (std::size_t i = 0; i < kLogLinesKept + 10; ++i)
            logInfo("ring", "line {}", i);
        setLogLevel(LogLevel::Info);
        const std::vector<LogEntry> all = recentLog({}, kLogLinesKept + 10, false);
        CHECK(all.size() == kLogLinesKept);
        CHECK(all.back().message == "line 5009");
        CHECK(all.front().sequence == all.back().sequence - kLogLinesKept + 1);
        LogFilter filter;
        filter.after = all.back().sequence - 5;
        CHECK(recentLog(filter, 3, false).front().message == "line 5005");
        CHECK(recentLog(filter, 3, true).front().message == "line 5007");
        CHECK(logLevelFromText("warning") == LogLevel::Warning);
        CHECK_FALSE(logLevelFromText("loud"));
    }
}

TEST_CASE("a stopped terminal does not stop the log", "[log]")
{
    const Fd master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    REQUIRE(master);
    REQUIRE(::grantpt(master.get()) == 0);
    REQUIRE(::unlockpt(master.get()) == 0);
    std::array<char, 64> name{};
    REQUIRE(::ptsname_r(master.get(), name.data(), name.size()) == 0);
    const Fd terminal(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
    REQUIRE(terminal);
    const Fd before(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3));
    ::dup2(terminal.get(), STDERR_FILENO);
    neverWaitForConsole();
    REQUIRE(::tcflow(terminal.get(), TCOOFF) == 0); // as XOFF from the other end
    for (int i = 0; i < 20; ++i)
        logError("test", "a line that nobody reads");
    REQUIRE(::tcflow(terminal.get(), TCOON) == 0);
    logError("test", "goes on");
    ::dup2(before.get(), STDERR_FILENO);
    std::string text(8192, '\0');
    const ssize_t count = ::read(master.get(), text.data(), text.size());
    REQUIRE(count > 0);
    CHECK(text.find("goes on") != std::string::npos);
    CHECK((::fcntl(terminal.get(), F_GETFL) & O_NONBLOCK) == 0); // of other programs' openings
}

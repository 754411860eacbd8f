#include "common/platform/exec.h"

#include "common/model/error.h"
#include "common/platform/files.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <fstream>
#include <functional>
#include <thread>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace std::chrono_literals;
using bm::model::Deadline;
using bm::model::Error;
using bm::model::ErrorCode;
using bm::platform::Command;
using bm::platform::Exit;

namespace {

Exit shell(const std::string& script, const Deadline& deadline, Command command = {})
{
    command.argv = {"/bin/sh", "-c", script};
    return bm::platform::makeExec()->run(command, deadline);
}

Exit shell(const std::string& script)
{
    return shell(script, Deadline::in(20s));
}

ErrorCode codeOf(const std::function<void()>& action, std::string* message = nullptr)
{
    try {
        action();
    } catch (const Error& error) {
        if (message != nullptr)
            *message = error.what();
        return error.code();
    }
    FAIL("no error was thrown");
    return ErrorCode::Internal;
}

/// True if the process exists and is no zombie.
bool alive(int pid)
{
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    std::getline(stat, text);
    const std::size_t paren = text.rfind(')');
    return paren != std::string::npos && text.size() > paren + 2 && text[paren + 2] != 'Z';
}

/// Runs @p script with a deadline after the moment at which it made @p ready, its traps set: on a busy
/// machine a shell may need long to start.
ErrorCode codeAtDeadlineOf(const std::string& script, const std::filesystem::path& ready,
                           std::string* message = nullptr)
{
    ErrorCode code = ErrorCode::Internal;
    for (const auto patience : {300ms, 1200ms, 5000ms, 20000ms}) {
        code = codeOf([&] { shell(script, Deadline::in(patience)); }, message);
        if (std::filesystem::exists(ready))
            break;
    }
    return code;
}

bool waitUntil(const std::function<bool()>& condition)
{
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end)
            return false;
        std::this_thread::sleep_for(2ms); // polls
    }
    return true;
}

int pidIn(const std::filesystem::path& path)
{
    std::ifstream file(path);
    int pid = 0;
    file >> pid;
    return file && file.peek() == '\n' ? pid : 0;
}

} // namespace

TEST_CASE("a program that ends by itself", "[platform][exec]")
{
    SECTION("gives its output, its errors and its status as values")
    {
        const Exit exit = shell("echo out; echo err >&2; exit 7");
        CHECK(exit.code == 7);
        CHECK(exit.out == "out\n");
        CHECK(exit.err == "err\n");
        CHECK(exit.droppedBytes == 0);
    }
    SECTION("reads its input to the end, however large") // larger than a pipe
    {
        Command command;
        command.input.assign(1'000'000, 'x');
        CHECK(shell("wc -c", Deadline::in(20s), command).out == "1000000\n");
    }
    SECTION("may leave its input unread")
    {
        Command command;
        command.input.assign(1'000'000, 'x');
        CHECK(shell("exit 3", Deadline::in(20s), command).code == 3);
    }
    SECTION("finds an empty stdin when none is given")
    {
        CHECK(shell("wc -c").out == "0\n");
    }
    SECTION("ended by a signal has 128 and its number as status")
    {
        CHECK(shell("kill -9 $$").code == 137);
    }
    SECTION("has its output cut at the limit of each stream, and the rest counted")
    {
        Command command;
        command.outputLimitBytes = 100;
        const Exit exit =
            shell("head -c 300000 /dev/zero; head -c 150 /dev/zero >&2", Deadline::in(20s), command);
        CHECK(exit.out.size() == 100);
        CHECK(exit.err.size() == 100);
        CHECK(exit.droppedBytes == 300'000 - 100 + 50);
    }
    SECTION("sees the given environment and a PATH, nothing inherited")
    {
        ::setenv("BM_TEST_INHERITED", "yes", 1);
        Command command;
        command.argv = {"env"};
        command.env = {{"A", "b c"}};
        const Exit exit = bm::platform::makeExec()->run(command, Deadline::in(20s));
        CHECK(exit.out == "A=b c\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n");
    }
    SECTION("inherits no descriptor above 2")
    {
        const bm::platform::Fd leaky(::open("/dev/null", O_RDONLY)); // NOLINT: not close-on-exec on purpose
        CHECK(shell("ls /proc/self/fd").out == "0\n1\n2\n3\n");      // 3: the folder that ls reads
    }
    SECTION("leads a process group of its own")
    {
        const Exit exit = shell("ps -o pgid= -p $$; echo $$");
        const std::string text = exit.out;
        CHECK(std::stoi(text) == std::stoi(text.substr(text.find('\n'))));
    }
    SECTION("ends the call even when a descendant holds its streams open")
    {
        const Exit exit = shell("sleep 60 & echo $!");
        CHECK(exit.code == 0);
        CHECK(exit.took < 30s);
        CHECK(::kill(std::stoi(exit.out), SIGKILL) == 0);
    }
    SECTION("has default handlers for signals that the parent ignores")
    {
        auto* const before = std::signal(SIGPIPE, SIG_IGN);
        CHECK(shell("kill -PIPE $$").code == 128 + SIGPIPE);
        std::signal(SIGPIPE, before);
    }
}

TEST_CASE("a program that cannot be started", "[platform][exec]")
{
    const auto exec = bm::platform::makeExec();
    for (const char* program : {"/no/such/program", "no-such-program-of-bm", "/etc/passwd", ""}) {
        CAPTURE(program);
        Command command;
        command.argv = {program};
        CHECK(codeOf([&] { exec->run(command, Deadline::in(20s)); }) == ErrorCode::NotFound);
    }
}

TEST_CASE("a program that takes too long", "[platform][exec]")
{
    const bm::platform::TemporaryFolder folder;
    const std::filesystem::path pidFile = folder.path() / "pid";
    std::string message;
    SECTION("gets SIGTERM at the deadline, and the error has the end of its output")
    {
        const std::string script = "trap 'echo last words >&2; exit 0' TERM; echo $$ > " + pidFile.string() +
                                   "; while :; do sleep 0.05; done";
        CHECK(codeAtDeadlineOf(script, pidFile, &message) == ErrorCode::DeadlineExceeded);
        CHECK_THAT(message, Catch::Contains("sh did not end in") && Catch::Contains("last words"));
    }
    SECTION("gets SIGKILL two seconds later when it ignores SIGTERM, with its whole group")
    {
        const std::string script =
            "trap '' TERM; sleep 60 & echo $! > " + pidFile.string() + "; while :; do wait; done";
        const auto began = std::chrono::steady_clock::now();
        CHECK(codeAtDeadlineOf(script, pidFile) == ErrorCode::DeadlineExceeded);
        const auto took = std::chrono::steady_clock::now() - began;
        CHECK(took >= 2s);
        CHECK(took < 50s); // does not wait for the sleep of a minute
        const int descendant = pidIn(pidFile);
        REQUIRE(descendant > 0);
        CHECK(waitUntil([&] { return !alive(descendant); }));
    }
    SECTION("is ended in time even when it writes without end")
    {
        CHECK(codeOf([&] { shell("yes", Deadline::in(200ms)); }) == ErrorCode::DeadlineExceeded);
    }
    SECTION("is not even started once the deadline is over")
    {
        CHECK(codeOf([&] { shell("echo > " + pidFile.string(), Deadline::in(0ms)); }) ==
              ErrorCode::DeadlineExceeded);
        CHECK_FALSE(std::filesystem::exists(pidFile));
    }
    SECTION("ends at once at a stop request")
    {
        std::stop_source stop;
        std::jthread stopper([&] {
            waitUntil([&] { return pidIn(pidFile) != 0; });
            stop.request_stop();
        });
        const std::string script = "echo $$ > " + pidFile.string() + "; exec sleep 60";
        CHECK(codeOf([&] { shell(script, Deadline::in(60s, stop.get_token())); }, &message) ==
              ErrorCode::Aborted);
        CHECK_FALSE(alive(pidIn(pidFile)));
        CHECK(codeOf([&] { shell("true", Deadline::in(60s, stop.get_token())); }) == ErrorCode::Aborted);
    }
}

TEST_CASE("programs run from many threads at once", "[platform][exec]")
{
    const auto exec = bm::platform::makeExec();
    std::atomic<int> right{0};
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 8; ++thread)
        threads.emplace_back([&, thread] {
            for (int round = 0; round < 10; ++round) {
                Command command;
                command.argv = {"/bin/cat"};
                command.input = std::to_string(thread) + "/" + std::to_string(round);
                right += exec->run(command, Deadline::in(60s)).out == command.input ? 1 : 0;
            }
        });
    threads.clear();
    CHECK(right == 80);
}

TEST_CASE("a program does not outlive its parent", "[platform][exec]")
{
    const bm::platform::TemporaryFolder folder;
    const std::filesystem::path pidFile = folder.path() / "pid";
    const pid_t us = ::fork(); // stands for a bmd that is killed
    if (us == 0) {
        try {
            shell("echo $$ > " + pidFile.string() + "; exec sleep 60");
        } catch (...) {
        }
        ::_exit(0);
    }
    REQUIRE(us > 0);
    REQUIRE(waitUntil([&] { return pidIn(pidFile) != 0; }));
    const int child = pidIn(pidFile);
    CHECK(alive(child));
    ::kill(us, SIGKILL);
    CHECK(waitUntil([&] { return !alive(child); }));
    CHECK(::waitpid(us, nullptr, 0) == us);
}

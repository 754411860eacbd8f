// The rights of a child: its capabilities, its sandbox. Each test runs the attack in a real child.
#include "common/model/error.h"
#include "common/platform/child_process.h"
#include "common/platform/exec.h"
#include "common/platform/files.h"

#include <cstdlib>
#include <fstream>
#include <string>

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <linux/capability.h>
#include <unistd.h>

using namespace std::chrono_literals;
using bm::model::Deadline;
using bm::platform::CapabilitySet;
using bm::platform::Command;
using bm::platform::Confinement;
using bm::platform::Exit;
using bm::platform::NetworkReach;

namespace {

constexpr CapabilitySet kRaw = bm::platform::capability(CAP_NET_RAW);

Exit run(std::vector<std::string> argv, Command command = {},
         CapabilitySet kept = bm::platform::kNoCapabilities)
{
    command.argv = std::move(argv);
    return bm::platform::makeExec(kept)->run(command, Deadline::in(20s));
}

/// The field of a /proc/PID/status text: "CapEff".
std::string fieldOf(const std::string& status, const std::string& name)
{
    const std::size_t at = status.find(name + ":\t");
    const std::size_t begin = at + name.size() + 2;
    return at == std::string::npos ? "" : status.substr(begin, status.find('\n', begin) - begin);
}

CapabilitySet setOf(const std::string& status, const std::string& name)
{
    constexpr int kHex = 16;
    const std::string text = fieldOf(status, name);
    return text.empty() ? bm::platform::kAllCapabilities : std::strtoull(text.c_str(), nullptr, kHex);
}

std::string ownStatus()
{
    std::ifstream file("/proc/self/status");
    return {std::istreambuf_iterator<char>(file), {}};
}

Command confined(NetworkReach network)
{
    Command command;
    command.confinement.emplace();
    command.confinement->network = network;
    return command;
}

/// Runs Perl in the sandbox: "done", or the system's reason for the failure of @p expression.
std::string attempt(const std::string& expression, NetworkReach network = NetworkReach::None)
{
    return run({"/usr/bin/perl", "-MSocket", "-e", fmt::format("print(({}) ? 'done' : $!)", expression)},
               confined(network))
        .out;
}

const std::string kNotPermitted = "Operation not permitted";

} // namespace

TEST_CASE("a child starts without capabilities", "[platform][confine]")
{
    const CapabilitySet own = setOf(ownStatus(), "CapPrm");
    SECTION("that it does not keep, in any of its sets")
    {
        const std::string status = run({"/bin/cat", "/proc/self/status"}).out;
        for (const char* name : {"CapInh", "CapPrm", "CapEff", "CapAmb"})
            CHECK(setOf(status, name) == 0);
        if ((own & bm::platform::capability(CAP_SETPCAP)) != 0)
            CHECK(setOf(status, "CapBnd") == 0);
        CHECK(fieldOf(status, "NoNewPrivs") == "1");
    }
    SECTION("but those that its command names, and passes them on")
    {
        Command command;
        command.capabilities = kRaw;
        const std::string status = run({"/bin/sh", "-c", "/bin/cat /proc/self/status; :"}, command).out;
        CHECK(setOf(status, "CapEff") == (own & kRaw));
        CHECK(setOf(status, "CapPrm") == (own & kRaw));
        CHECK(fieldOf(status, "NoNewPrivs") == "1");
    }
    SECTION("or keeps all, as the RAM disk's agent wants it")
    {
        const std::string status =
            run({"/bin/cat", "/proc/self/status"}, {}, bm::platform::kAllCapabilities).out;
        CHECK(setOf(status, "CapEff") == setOf(ownStatus(), "CapEff"));
        CHECK(fieldOf(status, "NoNewPrivs") == fieldOf(ownStatus(), "NoNewPrivs"));
    }
}

TEST_CASE("a child in a sandbox", "[platform][confine]")
{
    REQUIRE(bm::platform::landlockVersion() > 0); // else bmd converts no images on this machine
    SECTION("has no capabilities, and a filter of system calls")
    {
        Command command = confined(NetworkReach::Udp);
        command.confinement->readPaths = {"/proc"};
        command.capabilities = bm::platform::kAllCapabilities; // the sandbox wins
        const std::string status = run({"/bin/cat", "/proc/self/status"}, command).out;
        for (const char* name : {"CapInh", "CapPrm", "CapEff", "CapAmb"})
            CHECK(setOf(status, name) == 0);
        CHECK(fieldOf(status, "NoNewPrivs") == "1");
        CHECK(fieldOf(status, "Seccomp") == "2");
    }
    SECTION("cannot signal its parent, directly or by a descriptor's owner")
    {
        CHECK(attempt("kill(0, getppid())") == kNotPermitted);
        CHECK(attempt("kill(0, -1)") == kNotPermitted);
        CHECK(attempt("kill(0, $$)") == "done"); // abort(3)
        constexpr int kSetOwner = 8;
        constexpr int kSetSignal = 10;
        CHECK(attempt(fmt::format("fcntl(STDIN, {}, getppid() + 0)", kSetOwner)) == kNotPermitted);
        CHECK(attempt(fmt::format("fcntl(STDIN, {}, 9)", kSetSignal)) == kNotPermitted);
    }
    SECTION("changes no limit or priority of its parent")
    {
        CHECK(attempt("setpriority(0, getppid(), 5)") == kNotPermitted);
    }
    SECTION("has the permitted sockets only")
    {
        CHECK(attempt("socket(my $s, AF_INET, SOCK_DGRAM, 0)") == kNotPermitted);
        CHECK(attempt("socket(my $s, AF_INET, SOCK_DGRAM, 0)", NetworkReach::Udp) == "done");
        CHECK(attempt("socket(my $s, AF_INET, SOCK_STREAM, 0)", NetworkReach::Udp) == kNotPermitted);
        CHECK(attempt("socket(my $s, AF_INET, SOCK_RAW, 1)", NetworkReach::Udp) == kNotPermitted);
        CHECK(attempt("socket(my $s, AF_UNIX, SOCK_DGRAM, 0)", NetworkReach::Udp) == kNotPermitted);
        CHECK(attempt("socket(my $s, 16, 3, 0)", NetworkReach::Udp) == "done");        // NETLINK_ROUTE
        CHECK(attempt("socket(my $s, 16, 3, 9)", NetworkReach::Udp) == kNotPermitted); // NETLINK_AUDIT
    }
    SECTION("reads the named files only, and writes none")
    {
        const bm::platform::TemporaryFolder folder;
        const std::string given = (folder.path() / "given").string();
        const std::string other = (folder.path() / "other").string();
        std::ofstream(given) << "given";
        std::ofstream(other) << "other";
        Command command = confined(NetworkReach::Udp);
        command.confinement->readPaths = {given};
        CHECK(run({"/bin/cat", given}, command).out == "given");
        CHECK_THAT(run({"/bin/cat", other}, command).err, Catch::Contains("Permission denied"));
        CHECK(run({"/bin/sh", "-c", "echo x > " + given}, command).code != 0);
        CHECK(bm::platform::readFile(given) == "given");
    }
    SECTION("starts a named program outside /usr")
    {
        const bm::platform::TemporaryFolder folder;
        const std::string tool = (folder.path() / "tool").string();
        std::filesystem::copy_file("/bin/echo", tool);
        if (::access(tool.c_str(), X_OK) != 0)
            return; // TMPDIR is mounted without programs
        Command command = confined(NetworkReach::Udp);
        CHECK_THROWS_AS(run({tool, "hello"}, command), bm::model::Error);
        command.confinement->programs = {tool};
        CHECK(run({tool, "hello"}, command).out == "hello\n");
    }
}

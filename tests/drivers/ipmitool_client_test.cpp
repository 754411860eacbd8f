// The arguments, environment, timing and repetition of ipmitool calls. Its answers are scripted.
#include "drivers/ipmi/ipmi_access.h"
#include "drivers/ipmi/ipmitool_client.h"
#include "tests/drivers/error_of.h"
#include "tests/drivers/recording_exec.h"
#include "tests/drivers/responder/bmc_responder.h"

#include "common/platform/files.h"

#include <atomic>
#include <fstream>
#include <thread>

#include <catch2/catch.hpp>
#include <sys/stat.h>

using namespace std::chrono_literals;
using namespace bm;
using drivers::BmcAccess;
using drivers::IpmitoolClient;
using drivers::Retry;
using model::Deadline;
using model::ErrorCode;
using platform::Command;
using platform::Exit;
using test::exitOf;
using test::optionOf;
using test::RecordingExec;

namespace {

constexpr const char* kMeet = "10.0.4.18";
constexpr const char* kSecret = "s3cret \"'$pass";

struct Fixture {
    explicit Fixture(RecordingExec::Answer answer) : exec(std::move(answer)) {}

    platform::TemporaryFolder runFolder{"bm-drivers"};
    RecordingExec exec;
    IpmitoolClient client{exec, settings()};
    BmcAccess bmc = access("10.0.4.17");

    drivers::IpmiSettings settings() const
    {
        drivers::IpmiSettings made;
        made.minInterval = 100ms;
        made.runFolder = runFolder.path();
        return made;
    }
    static BmcAccess access(const std::string& host)
    {
        return drivers::ipmiAccess({"",
                                    {{"ipmi_address", host},
                                     {"ipmi_username", "root"},
                                     {"ipmi_password", kSecret},
                                     {"ipmi_hex_kg_key", "4b6579"},
                                     {"ipmi_priv_level", "operator"}},
                                    {}});
    }
    std::string status(Deadline deadline = Deadline::in(30s))
    {
        return client.call(bmc, {"chassis", "power", "status"}, Retry::Acting, deadline);
    }
};

Exit on(const Command& /*command*/, const Deadline& /*deadline*/)
{
    return exitOf(0, "Chassis Power is on\n");
}

} // namespace

TEST_CASE("ipmitool gets", "[drivers][ipmitool]")
{
    std::string file;
    struct stat seen {};
    Fixture f([&](const Command& command, const Deadline& deadline) {
        std::ifstream passwordFile(optionOf(command, "-f"));
        std::getline(passwordFile, file);
        ::stat(optionOf(command, "-f").c_str(), &seen);
        return on(command, deadline);
    });
    CHECK(f.status() == "Chassis Power is on\n");
    REQUIRE(f.exec.calls().size() == 1);
    const Command command = f.exec.calls().front().command;
    SECTION("the password in a file of mode 0600, removed afterwards")
    {
        CHECK(file == kSecret);
        CHECK((seen.st_mode & 0777U) == 0600U);
        CHECK_FALSE(std::filesystem::exists(optionOf(command, "-f")));
        CHECK(std::filesystem::is_empty(f.runFolder.path() / "ipmi-secrets"));
    }
    SECTION("no secret on its argv, and only the Kg key in its environment")
    {
        for (const std::string& argument : command.argv) {
            CHECK(argument.find("s3cret") == std::string::npos);
            CHECK(argument.find("Key") == std::string::npos);
            CHECK(argument.find("4b6579") == std::string::npos);
        }
        CHECK(command.env.at("IPMI_KGKEY") == "Key");
        CHECK(command.env.size() == 3); // HOME, LC_ALL, IPMI_KGKEY
    }
    SECTION("the BMC's address, the user, the privilege and cipher suite 17")
    {
        CHECK(command.argv.front() == "/usr/bin/ipmitool");
        CHECK(optionOf(command, "-I") == "lanplus");
        CHECK(optionOf(command, "-H") == "10.0.4.17");
        CHECK(optionOf(command, "-p") == "623");
        CHECK(optionOf(command, "-U") == "root");
        CHECK(optionOf(command, "-L") == "OPERATOR");
        CHECK(optionOf(command, "-C") == "17");
    }
    SECTION("a sandbox: datagrams, the password's file, no file to write")
    {
        REQUIRE(command.confinement);
        CHECK(command.confinement->network == platform::NetworkReach::Udp);
        CHECK(command.confinement->writePaths.empty());
        CHECK(command.confinement->fileBytes == 0);
        CHECK_THAT(command.confinement->readPaths, Catch::VectorContains(optionOf(command, "-f")));
    }
    SECTION("a short list of vendors, which saves parsing 5 MB at each start")
    {
        const auto list =
            std::filesystem::path(command.env.at("HOME")) / ".local/usr/share/misc/enterprise-numbers.txt";
        CHECK(std::filesystem::file_size(list) < 10'000);
    }
}

TEST_CASE("no argv of the real ipmitool holds the password", "[drivers][ipmitool][peer]")
{
    const auto real = platform::makeExec();
    const platform::TemporaryFolder folder;
    const std::string copy = (folder.path() / "seen").string();
    // A wrapper of ipmitool that reads the argv of the running program from outside, as `ps` would, and ends
    // it.
    RecordingExec exec([&](const Command& command, const Deadline& deadline) {
        Command watched = command;
        watched.confinement.reset(); // the wrapper writes a file and ends ipmitool
        const std::string script =
            "out=$1; shift; \"$@\" & while ! grep -qx ipmitool /proc/$!/comm; do :; done; "
            "tr '\\0' ' ' < /proc/$!/cmdline > $out; kill $!; wait $!";
        watched.argv.insert(watched.argv.begin(), {"/bin/sh", "-c", script, "sh", copy});
        return real->run(watched, deadline);
    });
    drivers::IpmiSettings settings;
    settings.runFolder = folder.path() / "run";
    settings.outgoing =
        std::make_shared<platform::OutgoingPolicy>(platform::OutgoingSettings{.bmcOnLoopback = true});
    settings.retries = 0;
    IpmitoolClient client(exec, settings);
    test::BmcManners manners;
    manners.silent = true;
    const test::BmcResponder silent(manners);
    BmcAccess bmc = Fixture::access("127.0.0.1");
    bmc.port = silent.port();
    CHECK_THROWS_AS(client.call(bmc, {"mc", "info"}, Retry::Acting, Deadline::in(30s)), model::Error);
    const std::string seen = platform::readFile(copy);
    CHECK_THAT(seen, Catch::StartsWith("/usr/bin/ipmitool") && Catch::Contains("-H 127.0.0.1") &&
                         !Catch::Contains("s3cret"));
}

TEST_CASE("calls to one BMC", "[drivers][ipmitool]")
{
    std::atomic<int> atOnce{0};
    std::atomic<int> most{0};
    std::atomic<int> arrived{0};
    Fixture f([&](const Command& command, const Deadline& deadline) {
        most = std::max(most.load(), ++atOnce);
        ++arrived;
        const auto end = std::chrono::steady_clock::now() + 5s;
        if (optionOf(command, "-H") == kMeet) // waits until the other call runs, too
            while (arrived < 2 && std::chrono::steady_clock::now() < end)
                std::this_thread::yield();
        --atOnce;
        return on(command, deadline);
    });
    SECTION("never overlap, and keep the minimum interval")
    {
        std::vector<std::jthread> threads;
        for (int thread = 0; thread < 5; ++thread)
            threads.emplace_back([&] { f.status(); });
        threads.clear();
        std::vector<RecordingExec::Call> calls = f.exec.calls();
        REQUIRE(calls.size() == 5);
        CHECK(most == 1);
        for (std::size_t at = 1; at < calls.size(); ++at)
            CHECK(calls[at].began - calls[at - 1].ended >= 100ms);
    }
    SECTION("do not wait for calls to another BMC")
    {
        std::vector<std::jthread> threads;
        for (const int port : {623, 624})
            threads.emplace_back([&f, port] {
                BmcAccess bmc = Fixture::access(kMeet);
                bmc.port = static_cast<std::uint16_t>(port);
                bmc.key += std::to_string(port);
                f.client.call(bmc, {"mc", "info"}, Retry::Acting, Deadline::in(30s));
            });
        threads.clear();
        CHECK(most == 2);
    }
}

TEST_CASE("a wait for a busy BMC ends", "[drivers][ipmitool]")
{
    std::atomic<bool> running{false};
    std::atomic<bool> finish{false};
    Fixture f([&](const Command& command, const Deadline& deadline) {
        running = true;
        while (!finish)
            std::this_thread::yield();
        return on(command, deadline);
    });
    std::jthread first([&] { f.status(); });
    while (!running)
        std::this_thread::yield();
    CHECK(test::errorOf([&] { f.status(Deadline::in(50ms)); }).code() == ErrorCode::DeadlineExceeded);
    std::stop_source stop;
    stop.request_stop();
    CHECK(test::errorOf([&] { f.status(Deadline::in(30s, stop.get_token())); }).code() == ErrorCode::Aborted);
    finish = true;
    first.join();
    CHECK(f.exec.calls().size() == 1);
}

TEST_CASE("a call that fails", "[drivers][ipmitool]")
{
    std::atomic<int> failures{0};
    Exit failure;
    Fixture f([&](const Command& command, const Deadline& deadline) {
        return failures-- > 0 ? failure : on(command, deadline);
    });
    SECTION("temporarily is repeated with growing pauses")
    {
        failure = exitOf(1, "", "Set Chassis Power Control to Up/On failed: Node busy\n");
        failures = 2;
        CHECK(f.status() == "Chassis Power is on\n");
        const std::vector<RecordingExec::Call> calls = f.exec.calls();
        REQUIRE(calls.size() == 3);
        CHECK(calls[1].began - calls[0].ended >= 250ms);
        CHECK(calls[2].began - calls[1].ended >= 500ms);
    }
    SECTION("is not repeated beyond the deadline")
    {
        failure = exitOf(1, "", "Set Chassis Power Control to Up/On failed: Node busy\n");
        failures = 100;
        CHECK(test::errorOf([&] { f.status(Deadline::in(2s)); }).code() == ErrorCode::BmcBusy);
        CHECK(f.exec.calls().size() <= 4); // after pauses of 250 ms, 500 ms and 1 s
    }
    SECTION("permanently is not repeated")
    {
        failure = exitOf(1, "", "Get Chassis Power Status failed: Invalid command\n");
        failures = 1;
        CHECK(test::errorOf([&] { f.status(); }).code() == ErrorCode::BmcUnsupported);
        CHECK(f.exec.calls().size() == 1);
    }
    SECTION("without an answer is repeated for actions, not for readings")
    {
        failure = exitOf(
            1, "",
            "Get Auth Capabilities error\nError issuing Get Channel Authentication Capabilities request\n");
        failures = 1;
        CHECK(f.status() == "Chassis Power is on\n");
        failures = 1;
        CHECK(test::errorOf([&] {
                  f.client.call(f.bmc, {"chassis", "power", "status"}, Retry::Reading, Deadline::in(30s));
              }).code() == ErrorCode::BmcUnreachable);
    }
    SECTION("with wrong credentials is refused until one of them changes")
    {
        failure =
            exitOf(1, "", "> RAKP 2 HMAC is invalid\nError: Unable to establish IPMI v2 / RMCP+ session\n");
        failures = 1;
        CHECK(test::errorOf([&] { f.status(); }).code() == ErrorCode::BmcAuthFailed);
        const model::Error resting = test::errorOf([&] { f.status(); });
        CHECK(resting.code() == ErrorCode::BmcResting);
        CHECK_THAT(resting.what(), Catch::Contains("RAKP 2 HMAC is invalid"));
        CHECK(f.exec.calls().size() == 1);
        SECTION("the password")
        {
            f.bmc.password = "other";
        }
        SECTION("the user")
        {
            f.bmc.user = "other";
        }
        SECTION("the Kg key")
        {
            f.bmc.kgKey = "00";
        }
        CHECK(f.status() == "Chassis Power is on\n");
    }
}

TEST_CASE("ipmitool gets a checked address in numeric form", "[drivers][ipmitool]")
{
    std::string names = "10.0.4.17       STREAM bmc1\n10.0.4.17       DGRAM\n";
    std::vector<Command> ran;
    RecordingExec exec([&](const Command& command, const Deadline&) {
        ran.push_back(command);
        return exitOf(0, command.argv.front() == "/usr/bin/getent" ? names : "Chassis Power is on\n");
    });
    const platform::TemporaryFolder folder;
    drivers::IpmiSettings settings;
    settings.runFolder = folder.path();
    settings.outgoing = std::make_shared<platform::OutgoingPolicy>(
        platform::OutgoingSettings{.bmcNetworks = {*platform::networkFromText("10.0.0.0/16")}});
    IpmitoolClient client(exec, settings);
    const auto call = [&](const std::string& host) {
        return client.call(Fixture::access(host), {"chassis", "power", "status"}, Retry::Reading,
                           Deadline::in(5s));
    };
    SECTION("a name is resolved once, and its address is passed on")
    {
        call("bmc1.example");
        REQUIRE(ran.size() == 2);
        CHECK(ran.front().argv ==
              std::vector<std::string>{"/usr/bin/getent", "ahosts", "--", "bmc1.example"});
        CHECK(optionOf(ran.back(), "-H") == "10.0.4.17");
    }
    SECTION("the first address that is permitted counts")
    {
        names = "127.0.0.1 STREAM bmc1\n10.1.0.1 STREAM\n10.0.4.18 STREAM\n";
        call("bmc1.example");
        CHECK(optionOf(ran.back(), "-H") == "10.0.4.18");
    }
    SECTION("without one, ipmitool does not start")
    {
        names = "127.0.0.1 STREAM bmc1\n";
        for (const char* host : {"bmc1.example", "127.0.0.1", "169.254.169.254", "10.1.0.1", "::1",
                                 "64:ff9b::7f00:1", "::ffff:127.0.0.1"}) {
            INFO(host);
            ran.clear();
            const model::Error error = test::errorOf([&] { call(host); });
            CHECK(error.code() == ErrorCode::InvalidInput);
            for (const Command& command : ran)
                CHECK(command.argv.front() == "/usr/bin/getent");
        }
    }
    SECTION("a name without an address is a BMC that cannot be reached")
    {
        names.clear();
        CHECK(test::errorOf([&] { call("bmc2.example"); }).code() == ErrorCode::BmcUnreachable);
    }
}

TEST_CASE("a missing ipmitool is an internal error", "[drivers][ipmitool]")
{
    const auto exec = platform::makeExec();
    const platform::TemporaryFolder folder;
    drivers::IpmiSettings settings;
    settings.ipmitool = "/no/such/ipmitool";
    settings.runFolder = folder.path();
    IpmitoolClient client(*exec, settings);
    const model::Error error = test::errorOf([&] {
        client.call(Fixture::access("10.0.0.1"), {"mc", "info"}, Retry::Acting, Deadline::in(5s));
    });
    CHECK(error.code() == ErrorCode::Internal);
    CHECK_THAT(error.hint(), Catch::Contains("install ipmitool"));
}

TEST_CASE("password files of a killed process are removed", "[drivers][ipmitool]")
{
    Fixture f(on);
    const std::filesystem::path folder = f.runFolder.path() / "ipmi-secrets";
    std::filesystem::create_directory(folder);
    std::ofstream(folder / "999999999.AbCdEf") << "old secret\n"; // larger than any pid
    f.status();
    CHECK(std::filesystem::is_empty(folder));
}

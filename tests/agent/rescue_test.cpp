// Rescue: the real dropbear, on loopback and a port of its own.
#include "agent/hardware/inspection/host_addresses.h"
#include "agent/hardware/rescue/rescue_server.h"
#include "agent/hardware/rescue/rescue_step.h"
#include "tests/agent/step_world.h"

#include <arpa/inet.h>
#include <csignal>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>

using namespace bm::agent;
namespace wire = bm::wire;
namespace fs = std::filesystem;
using bm::model::Deadline;
using bm::model::ErrorCode;
using bm::platform::Fd;
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

constexpr const char* kHash = "$6$bmbmbmbm$0hJzWdRrJq8Jm8oZ3aJx6Q1w1rP9cKf0cQy3u8E0TnB0a9kH1dXxq9E1zqg2hUu2";

Fd tcpSocket()
{
    return Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

sockaddr_in loopback(std::uint16_t port)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

std::uint16_t freePort()
{
    const Fd socket = tcpSocket();
    sockaddr_in address = loopback(0);
    socklen_t length = sizeof address;
    REQUIRE(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), length) == 0);
    REQUIRE(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &length) == 0);
    return ntohs(address.sin_port);
}

/// The banner of the server at that port.
std::string greetingAt(std::uint16_t port)
{
    const Deadline deadline = Deadline::in(10s);
    while (!deadline.over()) {
        const Fd socket = tcpSocket();
        const timeval patience{5, 0};
        ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        const sockaddr_in address = loopback(port);
        if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
            std::string text(64, '\0');
            const ssize_t got = ::recv(socket.get(), text.data(), text.size(), 0);
            return text.substr(0, static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        }
        std::this_thread::sleep_for(20ms);
    }
    return {};
}

/// The places of a rescue; its dropbear ends with it.
class RescuePlace {
public:
    RescuePlace()
    {
        places.shadow = folder_.path() / "shadow";
        places.home = folder_.path() / "home";
        places.state = folder_.path() / "state";
        port = freePort();
        places.listen = "127.0.0.1:" + std::to_string(port);
    }
    ~RescuePlace()
    {
        if (const int server = pid(); server > 1)
            ::kill(server, SIGTERM);
    }
    RescuePlace(const RescuePlace&) = delete;
    RescuePlace& operator=(const RescuePlace&) = delete;
    int pid() const
    {
        std::ifstream file(places.state / "pid");
        int out = 0;
        file >> out;
        return out;
    }
    RescuePlaces places;
    std::uint16_t port = 0;

private:
    bm::platform::TemporaryFolder folder_{"bm-rescue"};
};

fs::perms permissionsOf(const fs::path& path)
{
    return fs::status(path).permissions();
}

} // namespace

TEST_CASE("a rescue server", "[agent][rescue]")
{
    StepWorld world;
    const RescuePlace place;
    const std::unique_ptr<bm::platform::Exec> exec = bm::platform::makeExec(bm::platform::kAllCapabilities);
    std::ofstream(place.places.shadow) << "daemon:*:1::::::\nroot:$1$old:1::::::\n";
    RescueServer server(*exec, world.log, place.places, {});
    const std::string fingerprint = server.start({kHash, {"ssh-ed25519 AAAAC3 me"}});
    CHECK(fingerprint.find("SHA256:") == 0);
    CHECK(greetingAt(place.port).find("SSH-2.0-dropbear") == 0);
    CHECK(bm::platform::readFile(place.places.shadow) ==
          std::string("root:") + kHash + ":19000:0:99999:7:::\ndaemon:*:1::::::\n");
    CHECK(permissionsOf(place.places.shadow) == (fs::perms::owner_read | fs::perms::owner_write));
    CHECK(permissionsOf(place.places.home / ".ssh") == fs::perms::owner_all);
    CHECK(bm::platform::readFile(place.places.home / ".ssh/authorized_keys") == "ssh-ed25519 AAAAC3 me\n");
    CHECK(world.log.tail().find(kHash) == std::string::npos);
    const int first = place.pid();
    SECTION("is set up again with the same key and new access")
    {
        CHECK(server.start({"", {"ssh-rsa BBBB you"}}) == fingerprint);
        CHECK(greetingAt(place.port).find("SSH-2.0-dropbear") == 0);
        CHECK(bm::platform::readFile(place.places.shadow).find("root:*:") == 0);
        CHECK(bm::platform::readFile(place.places.home / ".ssh/authorized_keys") == "ssh-rsa BBBB you\n");
        CHECK(place.pid() != first);
        std::ifstream file("/proc/" + std::to_string(first) + "/cmdline"); // empty: ended, but not reaped
        CHECK((!file || file.get() == std::ifstream::traits_type::eof()));
    }
}

TEST_CASE("keys and hashes for a rescue are checked", "[agent][rescue]")
{
    StepWorld world;
    const auto refused = [&](const json& arguments) {
        const bm::model::Error error = world.failure(startRescueStep, arguments);
        CHECK(error.message().find("$6$") == std::string::npos);
        return error.code() == ErrorCode::InvalidInput;
    };
    CHECK(refused({}));
    CHECK(refused({{"hashed_password", "secret"}}));
    CHECK(refused({{"hashed_password", "$6$a$b:0:0\nroot2:$6$a$bbbbbbbbbbbb"}}));
    CHECK(refused({{"ssh_keys", {"two\nlines of it"}}}));
    CHECK(refused({{"ssh_keys", {1}}}));
    CHECK(refused({{"ssh_keys", "ssh-rsa BBBB you"}}));
    CHECK(world.failure(startRescueStep, {{"hashed_password", kHash}}).message().find("not a RAM disk") !=
          std::string::npos);
    CHECK_NOTHROW(
        validate({"$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7", {}}));
}

TEST_CASE("dropbearkey's fingerprint is parsed", "[agent][rescue]")
{
    CHECK(parseFingerprint("Public key portion is:\nssh-ed25519 AAAA x\nFingerprint: SHA256:abc+/=\n") ==
          "SHA256:abc+/=");
    CHECK(parseFingerprint("nothing").empty());
}

TEST_CASE("the reported address is the boot interface's", "[agent][rescue]")
{
    const std::vector<HostAddress> all = {{"eth0", "52:54:00:00:00:01", "", ""},
                                          {"eth1", "52:54:00:00:00:02", "10.0.0.2", ""},
                                          {"eth0.7", "52:54:00:00:00:01", "10.7.0.1", "fe80::1"}};
    CHECK(addressBy(all, "52:54:00:00:00:01")->interface == "eth0.7");
    CHECK(addressBy(all, "")->interface == "eth1");
    CHECK(addressBy({}, "") == nullptr);
    for (const HostAddress& host : hostAddresses())
        CHECK(host.interface != "lo");
}

// The test network itself; see network.h.
#include "tests/pxe/network.h"

#include <catch2/catch.hpp>

#include <cctype>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sched.h>
#include <stdexcept>
#include <thread>
#include <unistd.h>

namespace bm::tests {

namespace {

platform::Fd thisNamespace()
{
    return platform::Fd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
}

platform::Fd newNamespace()
{
    platform::Fd made;
    std::thread([&made] {
        if (::unshare(CLONE_NEWNET) == 0)
            made = thisNamespace();
    }).join();
    if (!made)
        throw std::runtime_error("cannot make a network namespace: these tests need root");
    return made;
}

platform::Exit run(std::vector<std::string> argv)
{
    platform::Command command;
    command.argv = std::move(argv);
    return platform::makeExec(platform::kAllCapabilities)
        ->run(command, model::Deadline::in(std::chrono::seconds{60}));
}

void ip(std::vector<std::string> arguments)
{
    arguments.insert(arguments.begin(), "/usr/sbin/ip");
    const platform::Exit exit = run(arguments);
    if (exit.code != 0)
        throw std::runtime_error("ip: " + exit.err);
}

platform::Exit runInside(int networkNamespace, std::vector<std::string> argv)
{
    platform::Exit exit;
    std::exception_ptr failure;
    std::thread([&] {
        try {
            Network::enter(networkNamespace);
            exit = run(std::move(argv));
        } catch (...) {
            failure = std::current_exception();
        }
    }).join();
    if (failure)
        std::rethrow_exception(failure);
    return exit;
}

void plug(int networkNamespace, const std::string& outside, const std::string& inside,
          const std::string& address)
{
    const std::string path =
        "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(networkNamespace);
    ip({"link", "add", outside, "type", "veth", "peer", "name", inside, "netns", path});
    ip({"link", "set", outside, "master", "prov0", "up"});
    runInside(networkNamespace, {"/usr/sbin/ip", "addr", "add", address, "dev", inside});
    runInside(networkNamespace, {"/usr/sbin/ip", "link", "set", inside, "up"});
}

} // namespace

void Network::enter(int networkNamespace)
{
    if (::setns(networkNamespace, CLONE_NEWNET) != 0)
        throw std::runtime_error("setns failed");
}

Network::Network() : before_(thisNamespace()), machines_(newNamespace()), other_(newNamespace())
{
    const platform::Fd server = newNamespace();
    enter(server.get());
    ip({"link", "set", "lo", "up"});
    ip({"link", "add", "prov0", "type", "bridge"});
    ip({"addr", "add", "10.78.0.1/24", "dev", "prov0"});
    ip({"link", "set", "prov0", "up"});
    plug(machines_.get(), "v-machines", "c0", "10.78.0.50/24");
    plug(other_.get(), "v-other", "d0", "10.78.0.2/24");
}

Network::~Network()
{
    ::setns(before_.get(), CLONE_NEWNET);
}

platform::Exit Network::onMachines(std::vector<std::string> argv) const
{
    return runInside(machines_.get(), std::move(argv));
}

platform::Exit Network::onServer(std::vector<std::string> argv) const
{
    return run(std::move(argv));
}

bool within(const std::function<bool()>& condition, std::chrono::seconds limit)
{
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end)
            return false;
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
    return true;
}

std::vector<int> processesWith(const std::string& part)
{
    std::vector<int> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        const std::string name = entry.path().filename().string();
        if (std::isdigit(static_cast<unsigned char>(name.front())) == 0)
            continue;
        std::ifstream file(entry.path() / "cmdline", std::ios::binary);
        const std::string text((std::istreambuf_iterator<char>(file)), {});
        if (text.find(part) != std::string::npos)
            found.push_back(std::stoi(name));
    }
    return found;
}

} // namespace bm::tests

TEST_CASE("the test network is isolated", "[pxe][peer]")
{
    const bm::tests::Network network;
    const auto up = [&] {
        return network.onMachines({"/usr/sbin/ip", "-br", "link", "show", "c0"}).out.find("LOWER_UP") !=
               std::string::npos;
    };
    CHECK(bm::tests::within(up));
    const bm::platform::Exit links = network.onServer({"/usr/sbin/ip", "-br", "link"});
    CHECK(links.out.find("prov0") != std::string::npos);
    CHECK(links.out.find("eth0") == std::string::npos);
}

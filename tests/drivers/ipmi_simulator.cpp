#include "tests/drivers/ipmi_simulator.h"

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace bm::test {
namespace {

using namespace std::chrono_literals;

std::uint16_t freeUdpPort()
{
    const platform::Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket.get(), generic, length) != 0 || ::getsockname(socket.get(), generic, &length) != 0)
        throw std::runtime_error("no free UDP port");
    return ntohs(address.sin_port);
}

/// True if a socket of this network namespace is bound to the port.
bool bound(std::uint16_t port)
{
    return platform::readFile("/proc/net/udp").find(fmt::format(":{:04X} 00000000:0000", port)) !=
           std::string::npos;
}

constexpr const char* kEmulator = "mc_setbmc 0x20\n"
                                  "mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr\n"
                                  "mc_enable 0x20\n";

constexpr const char* kChassis = R"sh(#!/bin/sh
case "$1 $2" in
"get power") echo "power:$(cat {0}/power)" ;;
"get boot") echo "boot:default" ;;
"set power") echo "$3" > {0}/power ;;
"set shutdown") echo 0 > {0}/power ;;
esac
case "$1" in set) echo "$@" >> {0}/calls ;; esac
)sh";

constexpr const char* kLan = R"(name "bm"
set_working_mc 0x20
  startlan 1
    addr 127.0.0.1 {1}
    priv_limit admin
    allowed_auths_callback none md2 md5 straight
    allowed_auths_user none md2 md5 straight
    allowed_auths_operator none md2 md5 straight
    allowed_auths_admin none md2 md5 straight
    guid a123456789abcdefa123456789abcdef
  endlan
  chassis_control "{0}/chassis"
  user 2 true "ADMIN" "sim-password" admin 10 none md2 md5 straight
)";

} // namespace

IpmiSimulator::IpmiSimulator() : port_(freeUdpPort())
{
    const std::string folder = folder_.path().string();
    std::filesystem::create_directory(folder_.path() / "state");
    write("power", "0\n");
    write("calls", "");
    write("bmc.emu", kEmulator);
    write("chassis", fmt::format(fmt::runtime(kChassis), folder), 0755);
    write("lan.conf", fmt::format(fmt::runtime(kLan), folder, port_));
    platform::Service service;
    service.name = "ipmi_sim";
    service.command.argv = {"ipmi_sim",          "-c", folder + "/lan.conf", "-f",
                            folder + "/bmc.emu", "-s", folder + "/state",    "-n"};
    service.onLine = [](const std::string&) {};
    program_.emplace(std::move(service));
    program_->start();
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (!bound(port_)) {
        if (std::chrono::steady_clock::now() > end)
            throw std::runtime_error("ipmi_sim did not bind its port");
        std::this_thread::sleep_for(2ms); // polls: there is no notification
    }
}

std::string IpmiSimulator::calls() const
{
    return platform::readFile(folder_.path() / "calls");
}

void IpmiSimulator::write(const std::string& name, const std::string& text, unsigned mode) const
{
    platform::writeFileAtomically(folder_.path() / name, text, mode);
}

} // namespace bm::test

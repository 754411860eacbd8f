#include "bmd/config_settle.h"

#include "bmd/config_values.h"
#include "bmd/interfaces.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>

namespace bm::bmd {
namespace {

void fill(std::filesystem::path& path, const std::filesystem::path& standard)
{
    if (path.empty())
        path = standard;
}

void settlePaths(Config& config)
{
    const std::filesystem::path state = config.paths.stateFolder;
    fill(config.paths.ramdiskFolder, state / "ramdisk");
    fill(config.paths.secretKeyFile, state / "secrets/key");
    fill(config.database.file, state / "bm.sqlite");
    fill(config.images.folder, state / "images");
    config.boot.runFolder = config.paths.runFolder;
    config.boot.loaderFolder = config.paths.loaderFolder;
    config.boot.ramdiskFolder = config.paths.ramdiskFolder;
    config.ipmi.runFolder = config.paths.runFolder;
}

void settleInterface(pxe::BootSettings& boot, std::vector<Misfit>& misfits)
{
    const auto interface = findInterface(boot.interface);
    if (!interface) {
        misfits.push_back(
            {"provisioning.interface", fmt::format("there is no network interface \"{}\" here; there are {}",
                                                   boot.interface, fmt::join(interfaceNames(), ", "))});
        return;
    }
    if (boot.address.empty() && interface->address.empty())
        misfits.push_back({"provisioning.interface",
                           fmt::format("{} has no IPv4 address; give it one, or set provisioning.address",
                                       boot.interface)});
    if (boot.address.empty())
        boot.address = interface->address;
    if (boot.netmask.empty())
        boot.netmask = interface->netmask;
}

void settleNetwork(Config& config, std::vector<Misfit>& misfits)
{
    pxe::BootSettings& boot = config.boot;
    if (!boot.interface.empty())
        settleInterface(boot, misfits);
    else if (boot.dhcp != pxe::DhcpMode::Off)
        misfits.push_back(
            {"dhcp.mode", "needs provisioning.interface, the network interface towards the machines"});
    if (boot.address.empty()) { // no network of machines: simulated ones only
        boot.address = "127.0.0.1";
        boot.tftp = false;
    }
    if (boot.netmask.empty())
        boot.netmask = "255.255.255.0";
    boot.httpPort = config.provisioning.port;
    config.provisioning.address = boot.address;
    if (config.conductor.baseUrl.empty())
        config.conductor.baseUrl = fmt::format("http://{}:{}", boot.address, config.provisioning.port);
}

bool inNetwork(const pxe::BootSettings& boot, const std::string& address)
{
    const std::uint32_t mask = ipv4Number(boot.netmask);
    return (ipv4Number(address) & mask) == (ipv4Number(boot.address) & mask);
}

void checkManagedDhcp(const pxe::BootSettings& boot, std::vector<Misfit>& misfits)
{
    if (boot.dhcp != pxe::DhcpMode::Managed)
        return;
    if (boot.rangeFirst.empty()) {
        misfits.push_back(
            {"dhcp.range", "is needed in managed mode: the addresses to hand out, first to last"});
        return;
    }
    const std::string network = fmt::format("{}, netmask {}", boot.address, boot.netmask);
    if (!inNetwork(boot, boot.rangeFirst) || !inNetwork(boot, boot.rangeLast))
        misfits.push_back({"dhcp.range", fmt::format("is not in the provisioning network ({})", network)});
    const std::uint32_t own = ipv4Number(boot.address);
    if (own >= ipv4Number(boot.rangeFirst) && own <= ipv4Number(boot.rangeLast))
        misfits.push_back({"dhcp.range", fmt::format("holds this server's own address {}", boot.address)});
    if (!boot.router.empty() && !inNetwork(boot, boot.router))
        misfits.push_back({"dhcp.router", fmt::format("is not in the provisioning network ({})", network)});
}

bool sameSocket(const http::ListenerConfig& a, const http::ListenerConfig& b)
{
    const auto any = [](const std::string& address) { return address == "0.0.0.0" || address == "::"; };
    return a.port == b.port && (a.address == b.address || any(a.address) || any(b.address));
}

void checkListeners(const Config& config, std::vector<Misfit>& misfits)
{
    if (config.api.certificateFile.empty() != config.api.keyFile.empty())
        misfits.push_back({config.api.keyFile.empty() ? "api.certificate_file" : "api.key_file",
                           "api.certificate_file and api.key_file go together"});
    if (config.tls == TlsMode::Off && !config.api.certificateFile.empty())
        misfits.push_back({"api.tls", "is off, but api.certificate_file is given"});
    if (config.auth == AuthMode::None && !isLoopback(config.api.address))
        misfits.push_back(
            {"api.auth", fmt::format("none is for loopback only; api.address is {}", config.api.address)});
    if (sameSocket(config.api, config.provisioning))
        misfits.push_back(
            {"provisioning.port", fmt::format("{} is the API's port on the same address", config.api.port)});
}

std::string hostName()
{
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0')
        return "localhost";
    return name.data();
}

} // namespace

std::vector<Misfit> settle(Config& config)
{
    std::vector<Misfit> misfits;
    settlePaths(config);
    settleNetwork(config, misfits);
    checkManagedDhcp(config.boot, misfits);
    checkListeners(config, misfits);
    if (config.conductor.conductorName.empty())
        config.conductor.conductorName = hostName();
    return misfits;
}

} // namespace bm::bmd

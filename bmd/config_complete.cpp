#include "bmd/config_complete.h"

#include "bmd/config_values.h"
#include "bmd/interfaces.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>

namespace bm::bmd {
namespace {

void fill(std::filesystem::path& path, const std::filesystem::path& defaultText)
{
    if (path.empty())
        path = defaultText;
}

void completePaths(Config& config)
{
    const std::filesystem::path state = config.paths.stateFolder;
    fill(config.paths.ramdiskFolder, state / "ramdisk");
    fill(config.paths.secretKeyFile, state / "secrets/key");
    fill(config.database.file, state / "bm.sqlite");
    config.conductor.records.folder = config.database.file.parent_path();
    config.conductor.handlersFile = config.paths.stateFolder / "running-steps";
    fill(config.images.folder, state / "images");
    config.boot.runFolder = config.paths.runFolder;
    config.boot.loaderFolder = config.paths.loaderFolder;
    config.boot.ramdiskFolder = config.paths.ramdiskFolder;
    config.ipmi.runFolder = config.paths.runFolder;
}

void completeInterface(pxe::BootSettings& boot, std::vector<ConfigConflict>& conflicts)
{
    const auto interface = findInterface(boot.interface);
    if (!interface) {
        conflicts.push_back({"provisioning.interface",
                             fmt::format("there is no network interface \"{}\"; this machine has {}",
                                         boot.interface, fmt::join(interfaceNames(), ", "))});
        return;
    }
    if (boot.address.empty() && interface->address.empty())
        conflicts.push_back(
            {"provisioning.interface",
             fmt::format("{} has no IPv4 address; assign one, or set provisioning.address", boot.interface)});
    if (boot.address.empty())
        boot.address = interface->address;
    if (boot.netmask.empty())
        boot.netmask = interface->netmask;
}

void completeNetwork(Config& config, std::vector<ConfigConflict>& conflicts)
{
    pxe::BootSettings& boot = config.boot;
    if (!boot.interface.empty())
        completeInterface(boot, conflicts);
    else if (boot.dhcp != pxe::DhcpMode::Off)
        conflicts.push_back(
            {"dhcp.mode", "needs provisioning.interface, the network interface of the provisioning network"});
    if (boot.address.empty()) { // no provisioning network: simulated machines only
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

void checkManagedDhcp(const pxe::BootSettings& boot, std::vector<ConfigConflict>& conflicts)
{
    if (boot.dhcp != pxe::DhcpMode::Managed)
        return;
    if (boot.rangeFirst.empty()) {
        conflicts.push_back({"dhcp.range", "managed mode needs the addresses to assign, first to last"});
        return;
    }
    const std::string network = fmt::format("{}, netmask {}", boot.address, boot.netmask);
    if (!inNetwork(boot, boot.rangeFirst) || !inNetwork(boot, boot.rangeLast))
        conflicts.push_back({"dhcp.range", fmt::format("is not in the provisioning network ({})", network)});
    const std::uint32_t own = ipv4Number(boot.address);
    if (own >= ipv4Number(boot.rangeFirst) && own <= ipv4Number(boot.rangeLast))
        conflicts.push_back(
            {"dhcp.range", fmt::format("contains this server's own address {}", boot.address)});
    if (!boot.router.empty() && !inNetwork(boot, boot.router))
        conflicts.push_back({"dhcp.router", fmt::format("is not in the provisioning network ({})", network)});
}

void completeDriveLevel(Config& config, std::vector<ConfigConflict>& conflicts)
{
    using Level = conductor::ConfigDriveLevel;
    const bool managed = config.boot.dhcp == pxe::DhcpMode::Managed;
    config.conductor.configDriveLevel = config.configDrive.value_or(managed ? Level::Lease : Level::Window);
    if (managed)
        config.conductor.leaseFile = pxe::leaseFile(config.boot);
    else if (config.conductor.configDriveLevel == Level::Lease)
        conflicts.push_back({"security.config_drive",
                             "lease needs dhcp.mode: managed, because bmd reads its own leases only"});
}

bool sameSocket(const http::ListenerConfig& a, const http::ListenerConfig& b)
{
    const auto any = [](const std::string& address) { return address == "0.0.0.0" || address == "::"; };
    return a.port == b.port && (a.address == b.address || any(a.address) || any(b.address));
}

void checkListeners(const Config& config, std::vector<ConfigConflict>& conflicts)
{
    if (config.api.certificateFile.empty() != config.api.keyFile.empty())
        conflicts.push_back({config.api.keyFile.empty() ? "api.certificate_file" : "api.key_file",
                             "set both api.certificate_file and api.key_file"});
    if (config.tls == TlsMode::Off && !config.api.certificateFile.empty())
        conflicts.push_back({"api.tls", "is off, but api.certificate_file is raw"});
    if (config.auth == AuthMode::None && !isLoopback(config.api.address))
        conflicts.push_back({"api.auth", fmt::format("none is allowed on loopback only; api.address is {}",
                                                     config.api.address)});
    if (config.api.proxies.proxyProtocol && config.api.proxies.networks.empty())
        conflicts.push_back(
            {"api.proxy_protocol", "needs api.trusted_proxies, the addresses of the proxies"});
    if (sameSocket(config.api, config.provisioning))
        conflicts.push_back(
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

std::vector<ConfigConflict> completeConfig(Config& config)
{
    std::vector<ConfigConflict> conflicts;
    completePaths(config);
    completeNetwork(config, conflicts);
    checkManagedDhcp(config.boot, conflicts);
    completeDriveLevel(config, conflicts);
    checkListeners(config, conflicts);
    if (config.conductor.conductorName.empty())
        config.conductor.conductorName = hostName();
    return conflicts;
}

} // namespace bm::bmd

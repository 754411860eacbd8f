#include "bmd/doctor_wiring.h"

#include "bmd/core.h"
#include "bmd/interfaces.h"
#include "common/http/tls/x509.h"
#include "common/platform/confine/sandbox.h"
#include "common/platform/files.h"
#include "conductor/health/doctor_checks.h"
#include "conductor/health/stored_values.h"

#include <fmt/format.h>

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace bm::bmd {

using conductor::bad;
using conductor::Finding;
using conductor::good;
using conductor::Severity;

namespace {

constexpr std::chrono::hours kSoon{30 * 24};

/// "up", "down" (switched off on this machine) or "without link".
std::string stateOf(const std::string& interface)
{
    const platform::Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    interface.copy(request.ifr_name, sizeof request.ifr_name - 1);
    if (!socket || ::ioctl(socket.get(), SIOCGIFFLAGS, &request) != 0)
        return "in an unknown state";
    const auto flags = static_cast<unsigned>(request.ifr_flags);
    if ((flags & IFF_UP) == 0)
        return "down";
    return (flags & IFF_RUNNING) == 0 ? "without link" : "up";
}

std::vector<Finding> provisioningInterface(const pxe::BootSettings& boot)
{
    const std::optional<InterfaceAddress> found = findInterface(boot.interface);
    if (!found)
        return {bad(Severity::Error, "there is no interface " + boot.interface,
                    "ip link lists the interfaces; set provisioning.interface in bmd.yaml")};
    const std::string state = stateOf(boot.interface);
    if (state != "up")
        return {bad(Severity::Error, boot.interface + " is " + state,
                    "ip link set " + boot.interface + " up; check the cable")};
    if (found->address.empty())
        return {bad(Severity::Error, boot.interface + " has no IPv4 address",
                    "ip addr add " + boot.address + "/24 dev " + boot.interface)};
    if (found->address != boot.address)
        return {
            bad(Severity::Warning,
                boot.interface + " has " + found->address + " as its first address, but bmd.yaml says " +
                    boot.address,
                "correct if the interface has both addresses; else restart bmd or set provisioning.address")};
    return {good(boot.interface + " is up with " + found->address)};
}

/// The level, and the reason for it.
std::vector<Finding> configDrives(const Config& config)
{
    using Level = conductor::ConfigDriveLevel;
    const std::string reason = config.configDrive ? "by security.config_drive" : "the default of dhcp.mode";
    switch (config.conductor.configDriveLevel) {
    case Level::Proved:
        return {good("proved (" + reason + "): no machine gets a configuration drive over PXE")};
    case Level::Lease:
        return {good("lease (" + reason +
                     "): the holder of a live lease of the node's MAC address gets its configuration drive")};
    case Level::Window:
        break;
    }
    const std::string window =
        "window (" + reason + "): any agent of a node's boot window gets its configuration drive";
    if (config.boot.dhcp == pxe::DhcpMode::Managed)
        return {bad(Severity::Warning, window, "remove security.config_drive from bmd.yaml: lease is safer")};
    return {good(window)};
}

std::vector<Finding> converterSandbox(bool withoutLandlock)
{
    if (const int version = platform::landlockVersion(); version > 0)
        return {good(
            fmt::format("bmd confines the image converter and ipmitool by Landlock, version {}", version))};
    return {bad(withoutLandlock ? Severity::Warning : Severity::Error,
                std::string(platform::kNoLandlock) + (withoutLandlock
                                                          ? ": the image converter can read bmd's files"
                                                          : ": bmd does not convert images"),
                withoutLandlock
                    ? "enable Landlock, then remove security.converter_without_landlock"
                    : "enable Landlock, add raw images, or set security.converter_without_landlock: true")};
}

/// The files with secrets: those that bmd.yaml names, and bmd's users and tokens.
std::vector<std::filesystem::path> credentialFiles(const Config& config)
{
    std::vector<std::filesystem::path> files;
    for (const std::filesystem::path& file :
         {std::filesystem::path(config.api.keyFile), config.images.sources.s3.credentialsFile,
          config.paths.stateFolder / "users", config.paths.stateFolder / "tokens"})
        if (!file.empty())
            files.push_back(file);
    for (const auto& [place, peer] : config.images.sources.peers)
        if (!peer.passwordFile.empty())
            files.push_back(peer.passwordFile);
    return files;
}

std::vector<Finding> credentials(const Config& config)
{
    std::vector<Finding> findings;
    for (const std::filesystem::path& file : credentialFiles(config)) {
        try {
            platform::requirePrivate(file);
        } catch (const model::Error& error) {
            findings.push_back(bad(Severity::Error, error.message(), error.hint()));
        }
    }
    if (findings.empty())
        findings.push_back(good("other users reach no file with credentials"));
    return findings;
}

std::vector<Finding> certificate(const std::string& file)
{
    const http::CertificatePtr found = http::certificateFromPem(platform::readFile(file));
    if (!http::lastsLongerThan(found, std::chrono::hours{0}))
        return {bad(Severity::Error, file + " has expired",
                    "restart bmd to renew its own certificate, or install a new one")};
    if (!http::lastsLongerThan(found, kSoon))
        return {bad(Severity::Warning, file + " expires within 30 days",
                    "restart bmd to renew its own certificate, or install a new one")};
    return {good(file + " is valid for more than 30 days")};
}

} // namespace

std::vector<conductor::Check> doctorChecks(const Config& config, std::function<std::string()> baseUrl,
                                           const model::Clock& clock, db::Database& database,
                                           const drivers::HardwareTypes& hardware)
{
    using conductor::Check;
    std::vector<Check> checks;
    const bool ramdisk = !config.paths.ramdiskFolder.empty();
    if (!config.boot.interface.empty())
        checks.push_back({"interface", [boot = config.boot](const model::Deadline&) {
                              return provisioningInterface(boot);
                          }});
    if (!config.boot.interface.empty() || config.boot.dhcp != pxe::DhcpMode::Off)
        checks.push_back({"dhcp", conductor::otherDhcpServers(config.boot)});
    if (config.boot.tftp)
        checks.push_back({"tftp", conductor::bootFilesByTftp(config.boot)});
    checks.push_back({"http", conductor::bootFilesByHttp(std::move(baseUrl), ramdisk)});
    if (ramdisk)
        checks.push_back({"ramdisk", conductor::ramdiskFiles(config.paths.ramdiskFolder, clock)});
    checks.push_back({"clock", conductor::systemClock(clock)});
    checks.push_back({"space", conductor::diskSpace({{"images", config.images.folder},
                                                     {"state", config.paths.stateFolder},
                                                     {"run", config.paths.runFolder}},
                                                    config.images.reserveBytes)});
    checks.push_back({"reserve", conductor::databaseReserve(config.conductor.records)});
    if (config.apiUsesTls()) // App::start() has created and named its own certificate
        checks.push_back({"certificate", [&config](const model::Deadline&) {
                              return certificate(config.api.certificateFile);
                          }});
    checks.push_back({"config-drive", [&config](const model::Deadline&) { return configDrives(config); }});
    checks.push_back({"credentials", [&config](const model::Deadline&) { return credentials(config); }});
    checks.push_back({"sandbox", [&config](const model::Deadline&) {
                          return converterSandbox(config.images.convertWithoutLandlock);
                      }});
    checks.push_back({"database", conductor::databaseWhole(database)});
    checks.push_back({"values", conductor::storedValues(database, hardware)});
    return checks;
}

std::vector<std::string> credentialNotes(const Config& config)
{
    std::vector<std::string> notes;
    for (const Finding& finding : credentials(config))
        if (finding.severity != Severity::Ok)
            notes.push_back(finding.what + ": " + finding.remedy);
    return notes;
}

std::vector<std::string> storedValueNotes(const Config& config)
{
    std::error_code hidden;
    if (!std::filesystem::exists(config.database.file, hidden))
        return {};
    std::vector<std::string> notes;
    try {
        const std::unique_ptr<platform::Exec> exec = platform::makeExec();
        db::DatabaseView view(config.database);
        for (const conductor::StoredValue& value :
             conductor::refusedStoredValues(view.tx(), makeHardware(*exec, {})))
            notes.push_back(fmt::format("{}: {}; it works until it is changed: {}", value.subject, value.what,
                                        value.remedy));
    } catch (const model::Error& error) {
        notes.push_back(fmt::format("stored values are not checked: {}; bm doctor --check values checks them",
                                    error.message()));
    }
    return notes;
}

} // namespace bm::bmd

#pragma once
#include "common/http/server.h"
#include "common/platform/log.h"
#include "conductor/core/context.h"
#include "conductor/fleet/rollouts/rollouts.h"
#include "db/open/open_database.h"
#include "drivers/ipmi/ipmi.h"
#include "images/store/image_store.h"
#include "pxe/boot_services.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace bm::bmd {

inline constexpr std::string_view kDefaultConfigFile = "/etc/bm/bmd.yaml";

/// Auto: plain on loopback, TLS elsewhere.
enum class TlsMode { Auto, On, Off };
enum class AuthMode { Basic, None };

struct Paths {
    std::filesystem::path stateFolder; ///< database, images, secrets, certificates
    std::filesystem::path runFolder;   ///< what need not outlive a boot
    std::filesystem::path ramdiskFolder;
    std::filesystem::path loaderFolder;
    std::filesystem::path secretKeyFile;
};

/// Every setting of bmd, complete: what the file leaves out has its default, what follows from others is
/// filled in (see settle()). Made by defaultConfig(), parseConfig() and readConfig().
struct Config {
    http::ListenerConfig api; ///< operators; certificateFile and keyFile only where the file names them
    http::ListenerConfig provisioning; ///< machines
    TlsMode tls = TlsMode::Auto;
    AuthMode auth = AuthMode::Basic;
    bool openMetrics = false;         ///< /metrics needs no password
    std::uint64_t maxUploadBytes = 0; ///< of an image sent to the API
    pxe::BootSettings boot;
    Paths paths;
    db::DatabaseSettings database;
    images::StoreSettings images;
    conductor::Settings conductor;
    conductor::fleet::RolloutSettings rollouts;
    drivers::IpmiSettings ipmi;
    platform::LogLevel logLevel = platform::LogLevel::Info;
    bool logJson = false;

    /// Whether the operators' listener speaks TLS.
    bool apiUsesTls() const;
    /// Whether anything of DHCP and TFTP is to run.
    bool bootServices() const { return boot.dhcp != pxe::DhcpMode::Off || boot.tftp; }
};

/// Something wrong in a configuration file, as a compiler says it.
struct ConfigFinding {
    std::string file;
    int line = 0;             ///< 1-based; 0: no place of its own (a key that is missing)
    int column = 0;           ///< 1-based
    std::string message;      ///< "api.prot: no such key; did you mean api.port?"
    std::string text() const; ///< "/etc/bm/bmd.yaml:3:5: <message>"
};

/// All defaults. Looks nothing up but the host's name.
Config defaultConfig();
/// Reads @p yaml, called @p file in messages. Adds to @p findings what is wrong; the result is of use when
/// nothing is.
Config parseConfig(std::string_view yaml, const std::string& file, std::vector<ConfigFinding>& findings);
/// Reads @p file; when @p mayBeAbsent, no file means all defaults.
/// @throws Error NotFound (no such file), InvalidInput (its message holds every finding, one a line)
Config readConfig(const std::filesystem::path& file, bool mayBeAbsent);

/// The documented configuration: every key with its default, commented out, as it is installed in /etc/bm.
std::string configText();
/// The manual page bmd.yaml(5); docs/man/bmd.yaml.5 is this text.
std::string configManPage();

} // namespace bm::bmd

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
#include <optional>
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
    std::filesystem::path runFolder;   ///< files that a reboot may delete
    std::filesystem::path ramdiskFolder;
    std::filesystem::path loaderFolder;
    std::filesystem::path secretKeyFile;
};

/// Every setting of bmd, complete: missing keys have their default, derived values are filled in (see
/// completeConfig()). Made by defaultConfig(), parseConfig() and readConfig().
struct Config {
    http::ListenerConfig
        api; ///< for operators; certificateFile and keyFile are set only when the file names them
    http::ListenerConfig provisioning; ///< for machines
    TlsMode tls = TlsMode::Auto;
    AuthMode auth = AuthMode::Basic;
    std::vector<std::string> names;   ///< host names of this server, in lower case
    bool openMetrics = false;         ///< /metrics needs no password
    std::uint64_t maxUploadBytes = 0; ///< limit for an image upload
    pxe::BootSettings boot;
    Paths paths;
    db::DatabaseSettings database;
    images::StoreSettings images;
    conductor::Settings conductor;
    std::optional<conductor::ConfigDriveLevel> configDrive; ///< nothing: auto; `conductor` has the result
    conductor::fleet::RolloutSettings rollouts;
    drivers::IpmiSettings ipmi;
    platform::OutgoingSettings outgoing; ///< Core gives the policy to all that request something
    platform::LogLevel logLevel = platform::LogLevel::Info;
    bool logJson = false;

    /// True if the operators' listener uses TLS.
    bool apiUsesTls() const;
    /// True if bmd runs DHCP or TFTP.
    bool bootServices() const { return boot.dhcp != pxe::DhcpMode::Off || boot.tftp; }
};

/// An error in a configuration file, in the form of a compiler's message.
struct ConfigFinding {
    std::string file;
    int line = 0;             ///< 1-based; 0: without a position (a missing key)
    int column = 0;           ///< 1-based
    std::string message;      ///< "api.prot: no such key; did you mean api.port?"
    std::string text() const; ///< "/etc/bm/bmd.yaml:3:5: <message>"
};

/// All defaults. Asks the system for nothing but the host name.
Config defaultConfig();
/// Parses @p yaml, named @p file in messages. Appends errors to @p findings; the result is valid when there
/// are none.
Config parseConfig(std::string_view yaml, const std::string& file, std::vector<ConfigFinding>& findings);
/// Reads @p file. With @p mayBeAbsent, a missing file means all defaults.
/// @throws Error NotFound (no such file), InvalidInput (the message has one line per finding)
Config readConfig(const std::filesystem::path& file, bool mayBeAbsent);

/// The documented configuration, as installed in /etc/bm: every key with its default, commented out.
std::string configText();
/// The manual page bmd.yaml(5); docs/man/bmd.yaml.5 is this text.
std::string configManPage();

} // namespace bm::bmd

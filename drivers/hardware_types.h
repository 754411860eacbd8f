#pragma once
#include "common/model/clock.h"
#include "common/platform/exec.h"
#include "drivers/power_driver.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bm::drivers {

struct IpmiSettings {
    std::string ipmitool = "/usr/bin/ipmitool";
    std::chrono::milliseconds minInterval{200};    ///< between two calls to one BMC
    std::chrono::milliseconds callTimeout{20'000}; ///< one ipmitool call
    int retries = 3;                               ///< of transient failures, with back-off
    std::filesystem::path runFolder =
        "/run/bm"; ///< password files (0600, removed after the call), small HOME
    /// Told of every run of ipmitool: how long it took, and the code of its error ("" none). From any thread.
    std::function<void(std::chrono::milliseconds took, std::string_view code)> observe =
        [](std::chrono::milliseconds, std::string_view) {};
};

/// One hardware type: Ironic's "driver" of a node. Owned by HardwareTypes.
struct HardwareType {
    std::string name; ///< "ipmi", "fake-hardware"
    std::unique_ptr<PowerDriver> power;
    std::unique_ptr<ManagementDriver> management;
    bool simulated = false; ///< no machine behind it: the conductor plays the agent
};

/// Makes "ipmi" (ipmitool by @p exec; borrowed, must outlive).
HardwareType makeIpmi(platform::Exec& exec, IpmiSettings settings);
/// Makes "fake-hardware": power kept in memory per BmcAccess::key. settings: power_delay ("1.5" seconds or
/// "1,3" a range), power_fault ("bmc-unreachable", optionally ":N" for the first N calls), boot_device_fault,
/// identify_fault.
HardwareType makeFakeHardware();

/// driver_info of a node to BmcAccess, after Ironic's keys: ipmi_address, ipmi_port, ipmi_username,
/// ipmi_password, ipmi_priv_level, ipmi_hex_kg_key, ipmi_cipher_suite, ipmi_disable_boot_timeout; fake_*:
/// settings. @p values are plain texts (numbers and booleans as text), secrets opened. @throws Error
/// InvalidInput naming the key.
BmcAccess accessFromDriverInfo(const std::string& hardwareType, const std::string& nodeUuid,
                               const std::map<std::string, std::string>& values);
/// What is missing or wrong, one line per finding, each naming its key; empty: good.
std::vector<std::string> validateDriverInfo(const std::string& hardwareType,
                                            const std::map<std::string, std::string>& values);
/// Whether a driver_info key holds a secret (ipmi_password, ipmi_hex_kg_key, *password*, *token*, *secret*).
bool isSecretKey(std::string_view key);

} // namespace bm::drivers

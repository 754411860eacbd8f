#pragma once
#include "common/platform/exec.h"
#include "drivers/core/hardware_type.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace bm::drivers {

struct IpmiSettings {
    std::string ipmitool = "/usr/bin/ipmitool";
    std::chrono::milliseconds minInterval{200};    ///< between two calls to one BMC
    std::chrono::milliseconds callTimeout{20'000}; ///< one ipmitool call
    int retries = 3;                               ///< of transient failures, with back-off
    std::filesystem::path runFolder =
        "/run/bm"; ///< password files (0600, removed after the call), small HOME
    /// Called after every run of ipmitool: how long it took, and the code of its error ("" none). From any
    /// thread.
    std::function<void(std::chrono::milliseconds took, std::string_view code)> observe =
        [](std::chrono::milliseconds, std::string_view) {};
};

/// The hardware type "ipmi": ipmitool, run by @p exec (borrowed, must outlive).
HardwareType makeIpmi(platform::Exec& exec, IpmiSettings settings);

} // namespace bm::drivers

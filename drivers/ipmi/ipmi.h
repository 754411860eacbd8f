#pragma once
#include "common/platform/exec.h"
#include "common/platform/outgoing_policy.h"
#include "drivers/core/hardware_type.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace bm::drivers {

struct IpmiSettings {
    std::string ipmitool = "/usr/bin/ipmitool";
    std::chrono::milliseconds minInterval{200};    ///< between two calls to one BMC
    std::chrono::milliseconds callTimeout{20'000}; ///< one ipmitool call
    int retries = 3;                               ///< repetitions after a transient failure, with back-off
    std::filesystem::path runFolder =
        "/run/bm"; ///< for password files (0600, removed after the call) and ipmitool's HOME
    /// The rule for the addresses of BMCs; never null.
    std::shared_ptr<const platform::OutgoingPolicy> outgoing = std::make_shared<platform::OutgoingPolicy>();
    /// Called after every run of ipmitool with its duration and its error code ("" for success). From any
    /// thread.
    std::function<void(std::chrono::milliseconds took, std::string_view code)> observe =
        [](std::chrono::milliseconds, std::string_view) {};
};

/// The hardware type "ipmi", through ipmitool. @p exec is borrowed and must outlive it.
HardwareType makeIpmi(platform::Exec& exec, IpmiSettings settings);

} // namespace bm::drivers

#pragma once
#include "agent/base/agent_log.h"
#include "agent/base/step_progress.h"
#include "agent/disk/block_device.h"
#include "common/platform/exec.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

namespace bm::agent {

struct DiskBurnIn {
    std::chrono::milliseconds span{};
    bool write = false; ///< overwrites the disk with random bytes; otherwise reads each piece twice
    /// For tests: changes the bytes between reading and comparison.
    std::function<void(std::uint64_t offset, std::span<std::byte>)> tamper{};
};

struct DiskBurnInOutcome {
    std::uint64_t bytesWritten = 0;
    std::uint64_t bytesRead = 0;
    std::uint64_t passes = 0; ///< passes over the whole disk
    double seconds = 0;
};

/// Tests the disk from its begin to its end, 32 MiB at a time by O_DIRECT, repeatedly until the end of the
/// time.
/// @throws Error AgentFailed (wrong bytes, with the offset), DiskFailed (a failed read or write), Aborted
DiskBurnInOutcome burnInDisk(BlockDevice& device, const DiskBurnIn& order, StepProgress& progress,
                             const std::stop_token& stop);

/// A disk's own health report: "passed", "failed"; "" when it has none.
struct SmartOutcome {
    std::string health{};
    std::string selfTest{}; ///< also "unfinished"
    std::string detail{};
};

enum class SelfTestState : std::uint8_t { Unsupported, Running, Passed, Failed };
/// Of smartctl --json --capabilities (ATA).
SelfTestState parseAtaSelfTest(std::string_view json);
/// Of smartctl --json --health: "passed", "failed", "".
std::string parseSmartHealth(std::string_view json);
/// Of NVMe's log page 06h (base specification 2.0, 5.16.1.7).
SelfTestState parseNvmeSelfTest(std::string_view bytes);

struct SmartSettings {
    std::chrono::milliseconds span{};
    std::chrono::milliseconds poll{5000};
};
/// Reads the disk's health and runs its short self-test, by smartctl and, for NVMe, nvme-cli. Writes nothing.
SmartOutcome checkSmart(const std::string& disk, const std::string& bus, const SmartSettings& settings,
                        platform::Exec& exec, const std::stop_token& stop);

} // namespace bm::agent

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
    bool write = false; ///< random bytes over everything; else only reading, each place twice
    /// Tests: changes the bytes between reading and comparing.
    std::function<void(std::uint64_t offset, std::span<std::byte>)> tamper{};
};

struct DiskBurnInOutcome {
    std::uint64_t bytesWritten = 0;
    std::uint64_t bytesRead = 0;
    std::uint64_t passes = 0; ///< over the whole disk
    double seconds = 0;
};

/// From the disk's begin on, 32 MiB at a time by O_DIRECT, over and over until the time is up.
/// @throws Error AgentFailed (where it gave something else), DiskFailed (where it gave nothing), Aborted
DiskBurnInOutcome burnInDisk(BlockDevice& device, const DiskBurnIn& order, StepProgress& progress,
                             const std::stop_token& stop);

/// What a disk says of itself. "passed", "failed"; "" where it does not say.
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
/// Asks for its health and has it do its short self-test, by smartctl and, for NVMe, nvme-cli. Only reads.
SmartOutcome checkSmart(const std::string& disk, const std::string& bus, const SmartSettings& settings,
                        platform::Exec& exec, const std::stop_token& stop);

} // namespace bm::agent

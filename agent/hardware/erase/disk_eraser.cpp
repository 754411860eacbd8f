#include "agent/hardware/erase/disk_eraser.h"

#include "agent/disk/disk_samples.h"
#include "agent/disk/kernel_disks.h"
#include "agent/disk/signature_wiper.h"
#include "agent/hardware/erase/ata_security.h"
#include "agent/hardware/erase/nvme_eraser.h"
#include "agent/hardware/erase/overwriting.h"
#include "common/model/error.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <functional>
#include <optional>

namespace bm::agent {

using model::Deadline;
using model::Error;
using model::ErrorCode;

namespace {

constexpr std::chrono::minutes kReleaseDeadline{2};

/// Runs the method. @return the reason of the failure
using Attempt = std::function<std::optional<std::string>()>;
struct EraseMethod {
    std::string name;
    Attempt attempt;
};

class Timer {
public:
    double seconds() const
    {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
    }

private:
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

BlockDevice openReleased(const std::string& disk, const EraseTools& tools)
{
    releaseDisk(tools.exec, disk, tools.log, Deadline::in(kReleaseDeadline, tools.stop));
    return {disk, BlockDevice::Access::Write};
}

/// Accepts an erasure by the device itself only if the samples of the data are gone.
Attempt checked(const BlockDevice& device, const DiskSamples& before, const EraseTools& tools,
                Attempt attempt)
{
    return [&device, &before, &tools, attempt = std::move(attempt)]() -> std::optional<std::string> {
        if (std::optional<std::string> why = attempt())
            return why;
        if (const std::optional<std::uint64_t> at = before.firstUnchanged(device, tools.stop))
            return fmt::format("it reported success, but the data from byte {} on is unchanged", *at);
        return std::nullopt;
    };
}

/// @return the reason of the failure
std::optional<std::string> tried(const Attempt& attempt)
{
    try {
        return attempt();
    } catch (const Error& error) {
        if (error.code() == ErrorCode::Aborted)
            throw;
        return error.message();
    }
}

/// @throws Error DiskFailed when all methods failed
std::string firstThatWorks(const std::string& disk, const std::vector<EraseMethod>& methods,
                           const EraseTools& tools)
{
    std::string reasons;
    for (const EraseMethod& method : methods) {
        tools.log.info(fmt::format("erasing {}: {}", disk, method.name));
        const std::optional<std::string> why = tried(method.attempt);
        if (!why)
            return method.name;
        tools.log.info(fmt::format("{}: {} failed: {}", disk, method.name, *why));
        reasons += fmt::format("{}{}: {}", reasons.empty() ? "" : "; ", method.name, *why);
    }
    throw Error(ErrorCode::DiskFailed, fmt::format("{} cannot be erased: {}", disk, reasons),
                "replace the disk, or destroy it");
}

void finish(BlockDevice& device, const EraseTools& tools)
{
    device.flush();
    if (!device.rereadPartitions())
        tools.log.warning("the kernel keeps the old partition table of " + device.path().string());
    tools.share.finish();
}

void addDeviceMethods(std::vector<EraseMethod>& methods, const wire::Disk& disk, bool wholeDevice,
                      const EraseTools& tools)
{
    if (disk.bus == "nvme") {
        methods.push_back({"nvme-format", [&disk, wholeDevice, &tools] {
                               return NvmeEraser(disk.name, wholeDevice, tools).format();
                           }});
        methods.push_back({"nvme-sanitize", [&disk, wholeDevice, &tools] {
                               return NvmeEraser(disk.name, wholeDevice, tools).sanitize();
                           }});
    }
    if (disk.bus == "ata")
        methods.push_back(
            {"ata-secure-erase", [&disk, &tools] { return AtaEraser(disk.name, tools).erase(); }});
}

void addBlockMethods(std::vector<EraseMethod>& methods, BlockDevice& device, const EraseOrder& order,
                     const EraseTools& tools)
{
    methods.push_back({"discard", [&] { return discardToZeros(device, tools.share, tools.stop); }});
    methods.push_back({"zero", [&] { return zeroAll(device, tools.share, tools.stop); }});
    if (order.allowShred)
        methods.push_back(
            {"shred", [&] { return shred(device, order.shredPasses, tools.share, tools.stop); }});
}

} // namespace

bool mayEraseWholeDevice(const wire::Disk& disk, const std::vector<wire::Disk>& all)
{
    const std::string subsystem = nvmeSubsystemOf(disk.name);
    if (subsystem.empty())
        return true;
    return std::ranges::none_of(all, [&](const wire::Disk& other) {
        return nvmeSubsystemOf(other.name) == subsystem && !other.candidate;
    });
}

DiskErasure eraseWholly(const wire::Disk& disk, bool wholeDevice, const EraseOrder& order,
                        const EraseTools& tools)
{
    const Timer timer;
    BlockDevice device = openReleased(disk.name, tools);
    const DiskSamples before(device, tools.stop);
    std::vector<EraseMethod> methods;
    addDeviceMethods(methods, disk, wholeDevice, tools);
    methods.push_back({"secure-discard", [&] { return discardSecurely(device, tools.share, tools.stop); }});
    for (EraseMethod& method : methods)
        method.attempt = checked(device, before, tools, std::move(method.attempt));
    addBlockMethods(methods, device, order, tools);
    const std::string method = firstThatWorks(disk.name, methods, tools);
    finish(device, tools);
    return {method, timer.seconds()};
}

DiskErasure eraseExpress(const wire::Disk& disk, bool wholeDevice, const EraseTools& tools)
{
    const Timer timer;
    if (disk.bus == "nvme") {
        BlockDevice device = openReleased(disk.name, tools);
        const DiskSamples before(device, tools.stop);
        const std::optional<std::string> why = tried(checked(
            device, before, tools, [&] { return NvmeEraser(disk.name, wholeDevice, tools).format(); }));
        if (!why) {
            finish(device, tools);
            return {"nvme-format", timer.seconds()};
        }
        tools.log.info(
            fmt::format("{}: nvme-format failed: {}; erasing its metadata instead", disk.name, *why));
    }
    eraseMetadata(disk.name, tools.exec, tools.log, tools.stop);
    tools.share.finish();
    return {"metadata", timer.seconds()};
}

void eraseMetadata(const std::string& disk, platform::Exec& exec, AgentLog& log, const std::stop_token& stop)
{
    log.info("erasing metadata of " + disk);
    releaseDisk(exec, disk, log, Deadline::in(kReleaseDeadline, stop));
    BlockDevice device(disk, BlockDevice::Access::Write);
    std::vector<Extent> partitions = partitionsOf(device);
    for (const Extent& partition : kernelPartitions(disk, device.sectorBytes()))
        partitions.push_back(partition);
    wipeSignatures(device, 0, partitions, stop);
    device.flush();
    if (!device.rereadPartitions())
        log.warning("the kernel keeps the old partition table of " + disk);
}

} // namespace bm::agent

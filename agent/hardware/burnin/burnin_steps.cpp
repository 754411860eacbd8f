// The burn-in steps, which test a machine under load.
#include "agent/hardware/burnin/burnin_steps.h"

#include "agent/disk/kernel_disks.h"
#include "agent/hardware/burnin/burnin_cpu.h"
#include "agent/hardware/burnin/burnin_disk.h"
#include "agent/hardware/burnin/burnin_memory.h"
#include "agent/hardware/erase/disk_eraser.h"
#include "agent/hardware/erase/per_disk.h"
#include "common/model/error.h"
#include "common/wire/steps/argument_limits.h"

#include <cmath>
#include <fmt/format.h>

namespace bm::agent {

using model::Error;
using model::ErrorCode;
using wire::Disk;

namespace {

constexpr std::size_t kAllAtOnce = 64;
constexpr std::chrono::minutes kReleaseDeadline{2};

double rounded(double value)
{
    return std::round(value * 1000) / 1000;
}

double mbPerSecond(std::uint64_t bytes, double seconds)
{
    return rounded(static_cast<double>(bytes) / 1e6 / std::max(seconds, 0.001));
}

std::optional<std::string> unlessEmpty(const std::string& text)
{
    return text.empty() ? std::nullopt : std::optional(text);
}

wire::SmartDisk smartResult(const Disk& disk, const StepContext& context, std::chrono::seconds span)
{
    context.progress.message("self-test of " + disk.name);
    const SmartOutcome found = checkSmart(disk.name, disk.bus, {.span = span}, context.exec, context.stop);
    return {disk.name, disk.serial, unlessEmpty(found.health), unlessEmpty(found.selfTest),
            unlessEmpty(found.detail)};
}

wire::BurntDisk diskResult(const Disk& disk, const StepContext& context, const DiskBurnIn& order)
{
    DiskBurnInOutcome done;
    if (order.write)
        releaseDisk(context.exec, disk.name, context.log,
                    model::Deadline::in(kReleaseDeadline, context.stop));
    {
        BlockDevice device(disk.name, order.write ? BlockDevice::Access::Write : BlockDevice::Access::Read);
        done = burnInDisk(device, order, context.progress, context.stop);
    }
    if (order.write) // random bytes are no signature, but they leave pieces of the old content
        eraseMetadata(disk.name, context.exec, context.log, context.stop);
    return {disk.name,      disk.serial, done.bytesWritten,
            done.bytesRead, done.passes, mbPerSecond(done.bytesWritten + done.bytesRead, done.seconds)};
}

/// @tparam Result  BurntDisk or SmartDisk
template <class Result, class Work>
model::JsonText onEachDisk(const StepContext& context, const std::string& mode, const Work& work)
{
    const SortedDisks sorted = sortDisks(context.disks(), context.log, "burning in");
    if (mode == "write")
        context.disks.refuseProtected(sorted.candidates);
    wire::BurnInDiskResult<Result> result{mode, {}, sorted.skipped};
    result.disks = forEachDisk(sorted.candidates, kAllAtOnce, context.stop, work);
    return wire::toJson(result);
}

} // namespace

model::JsonText burnInCpuStep(const StepContext& context)
{
    const auto in = wire::fromJson<wire::BurnInCpuArguments>(context.arguments.text, "burnin_cpu");
    wire::checkLimits(in);
    const CpuBurnIn order{std::chrono::seconds{in.seconds}, static_cast<unsigned>(in.cpus)};
    const CpuBurnInOutcome done = burnInCpus(order, context.progress, context.stop);
    return wire::toJson(wire::BurnInCpuResult{
        .seconds = rounded(done.seconds),
        .cpus = done.cpus,
        .rounds = done.rounds,
        .roundsPerSecond = rounded(static_cast<double>(done.rounds) / std::max(done.seconds, 0.001))});
}

model::JsonText burnInMemoryStep(const StepContext& context)
{
    const auto in = wire::fromJson<wire::BurnInMemoryArguments>(context.arguments.text, "burnin_memory");
    wire::checkLimits(in);
    const auto asked = static_cast<unsigned>(in.percent);
    const unsigned percent = context.resume ? (asked + 1) / 2 : asked; // memory may have become scarce
    MemoryBurnIn order{.span = std::chrono::seconds{in.seconds}};
    order.bytes = memoryToTest(percent, order.keepFreeBytes);
    const MemoryBurnInOutcome done = burnInMemory(order, context.progress, context.stop);
    if (done.bytesTested == 0)
        throw Error(ErrorCode::AgentFailed, "too little memory is free for a test",
                    "the RAM disk itself needs some 512 MiB");
    return wire::toJson(wire::BurnInMemoryResult{
        .seconds = rounded(done.seconds),
        .bytesTested = done.bytesTested,
        .passes = done.passes,
        .bytesWritten = done.bytesWritten,
        .bytesRead = done.bytesRead,
        .megabytesPerSecond = mbPerSecond(done.bytesWritten + done.bytesRead, done.seconds)});
}

model::JsonText burnInDiskStep(const StepContext& context)
{
    const auto in = wire::fromJson<wire::BurnInDiskArguments>(context.arguments.text, "burnin_disk");
    wire::checkLimits(in);
    const std::chrono::seconds span{in.seconds};
    if (in.mode == "smart")
        return onEachDisk<wire::SmartDisk>(
            context, in.mode, [&](const Disk& disk) { return smartResult(disk, context, span); });
    const DiskBurnIn order{.span = span, .write = in.mode == "write"};
    return onEachDisk<wire::BurntDisk>(context, in.mode,
                                       [&](const Disk& disk) { return diskResult(disk, context, order); });
}

} // namespace bm::agent

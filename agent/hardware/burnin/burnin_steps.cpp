// The steps that strain a machine before it is trusted.
#include "agent/hardware/burnin/burnin_steps.h"

#include "agent/disk/kernel_disks.h"
#include "agent/hardware/burnin/burnin_cpu.h"
#include "agent/hardware/burnin/burnin_disk.h"
#include "agent/hardware/burnin/burnin_memory.h"
#include "agent/hardware/erase/disk_eraser.h"
#include "agent/hardware/erase/per_disk.h"
#include "agent/step/chosen_disk.h"
#include "common/model/error.h"

#include <cmath>
#include <fmt/format.h>

namespace bm::agent {

using model::Error;
using model::ErrorCode;
using nlohmann::json;
using wire::Disk;

namespace {

constexpr std::uint64_t kUsualSeconds = 600;
constexpr std::uint64_t kMostSeconds = std::uint64_t{14} * 24 * 3600;
constexpr std::uint64_t kUsualPercent = 90;
constexpr std::size_t kAllAtOnce = 64;
constexpr std::chrono::minutes kReleaseDeadline{2};

std::uint64_t numberIn(const wire::JsonReader& in, const char* name, std::uint64_t usual, std::uint64_t least,
                       std::uint64_t most)
{
    const std::uint64_t value = in.number(name, usual);
    if (value < least || value > most)
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("{} is {}: {} to {} make sense", name, value, least, most));
    return value;
}

std::chrono::seconds spanIn(const wire::JsonReader& in)
{
    return std::chrono::seconds{numberIn(in, "seconds", kUsualSeconds, 1, kMostSeconds)};
}

double rounded(double value)
{
    return std::round(value * 1000) / 1000;
}

double mbPerSecond(std::uint64_t bytes, double seconds)
{
    return rounded(static_cast<double>(bytes) / 1e6 / std::max(seconds, 0.001));
}

json smartResult(const Disk& disk, const StepContext& context, std::chrono::seconds span)
{
    context.progress.message("self-test of " + disk.name);
    const SmartOutcome found = checkSmart(disk.name, disk.bus, {.span = span}, context.exec, context.stop);
    const auto orNull = [](const std::string& text) { return text.empty() ? json(nullptr) : json(text); };
    return {{"name", disk.name},
            {"serial", disk.serial},
            {"health", orNull(found.health)},
            {"self_test", orNull(found.selfTest)},
            {"detail", orNull(found.detail)}};
}

json diskResult(const Disk& disk, const StepContext& context, const DiskBurnIn& order)
{
    DiskBurnInOutcome done;
    if (order.write)
        releaseDisk(context.exec, disk.name, context.log,
                    model::Deadline::in(kReleaseDeadline, context.stop));
    {
        BlockDevice device(disk.name, order.write ? BlockDevice::Access::Write : BlockDevice::Access::Read);
        done = burnInDisk(device, order, context.progress, context.stop);
    }
    if (order.write) // random bytes are no signature, but what was there is cut in pieces
        eraseMetadata(disk.name, context.exec, context.log, context.stop);
    return {{"name", disk.name},
            {"serial", disk.serial},
            {"bytes_written", done.bytesWritten},
            {"bytes_read", done.bytesRead},
            {"passes", done.passes},
            {"mb_per_s", mbPerSecond(done.bytesWritten + done.bytesRead, done.seconds)}};
}

} // namespace

model::JsonText burnInCpuStep(const StepContext& context)
{
    const json arguments = wire::parseObject(context.arguments.text, "burnin_cpu");
    const wire::JsonReader in(arguments, "burnin_cpu");
    const CpuBurnIn order{spanIn(in), static_cast<unsigned>(numberIn(in, "cpus", 0, 0, 4096))};
    const CpuBurnInOutcome done = burnInCpus(order, context.progress, context.stop);
    return resultText(
        {{"seconds", rounded(done.seconds)},
         {"cpus", done.cpus},
         {"rounds", done.rounds},
         {"rounds_per_s", rounded(static_cast<double>(done.rounds) / std::max(done.seconds, 0.001))}});
}

model::JsonText burnInMemoryStep(const StepContext& context)
{
    const json arguments = wire::parseObject(context.arguments.text, "burnin_memory");
    const wire::JsonReader in(arguments, "burnin_memory");
    const auto asked = static_cast<unsigned>(numberIn(in, "percent", kUsualPercent, 1, 100));
    const unsigned percent = context.resume ? (asked + 1) / 2 : asked; // it may have been too much
    MemoryBurnIn order{.span = spanIn(in)};
    order.bytes = memoryToTest(percent, order.keepFreeBytes);
    const MemoryBurnInOutcome done = burnInMemory(order, context.progress, context.stop);
    if (done.bytesTested == 0)
        throw Error(ErrorCode::AgentFailed, "too little memory is free to test any",
                    "the RAM disk itself needs some 512 MiB");
    return resultText({{"seconds", rounded(done.seconds)},
                       {"bytes_tested", done.bytesTested},
                       {"passes", done.passes},
                       {"bytes_written", done.bytesWritten},
                       {"bytes_read", done.bytesRead},
                       {"mb_per_s", mbPerSecond(done.bytesWritten + done.bytesRead, done.seconds)}});
}

model::JsonText burnInDiskStep(const StepContext& context)
{
    const json arguments = wire::parseObject(context.arguments.text, "burnin_disk");
    const wire::JsonReader in(arguments, "burnin_disk");
    const std::chrono::seconds span = spanIn(in);
    const std::string mode = in.text("mode", "read");
    if (mode != "smart" && mode != "read" && mode != "write")
        throw Error(ErrorCode::InvalidInput, fmt::format("burnin_disk.mode is \"{}\"", mode),
                    "smart, read or write");
    const SortedDisks sorted = sortDisks(context.disks(), context.log, "burning in");
    const DiskBurnIn order{.span = span, .write = mode == "write"};
    const json disks = forEachDisk(sorted.candidates, kAllAtOnce, context.stop, [&](const Disk& disk) {
        return mode == "smart" ? smartResult(disk, context, span) : diskResult(disk, context, order);
    });
    return resultText({{"mode", mode}, {"disks", disks}, {"skipped", sorted.skipped}});
}

} // namespace bm::agent

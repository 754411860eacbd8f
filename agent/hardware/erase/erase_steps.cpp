// The steps that erase disks.
#include "agent/hardware/erase/erase_steps.h"

#include "agent/hardware/erase/disk_eraser.h"
#include "agent/hardware/erase/per_disk.h"
#include "agent/start/disk_start.h"
#include "agent/step/chosen_disk.h"
#include "common/model/error.h"
#include "common/wire/steps/argument_limits.h"

#include <fmt/format.h>

namespace bm::agent {

using model::Error;
using model::ErrorCode;
using wire::Disk;

namespace {

/// Refuses to erase while a disk is absent: its data would stay, and bm would offer the node.
void refuseAbsent(const StepContext& context)
{
    if (const std::vector<Disk> absent = context.disks.absent(); !absent.empty())
        throw Error(ErrorCode::DiskNotFound,
                    "nothing was erased, disks that the machine had are absent: " + wire::describe(absent),
                    "connect them; for disks that were taken out: bm node manage NODE, bm node inspect NODE");
}

/// Calls @p erase with each candidate.
model::JsonText eraseCandidates(const StepContext& context, std::size_t atOnce,
                                const std::function<wire::ErasedDisk(const Disk&)>& erase)
{
    const std::vector<Disk> disks = context.disks();
    refuseAbsent(context);
    const SortedDisks sorted = sortDisks(disks, context.log, "erasing");
    context.disks.refuseProtected(sorted.candidates);
    std::vector<std::string> names;
    names.reserve(sorted.candidates.size());
    for (const Disk& disk : sorted.candidates)
        names.push_back(disk.name);
    DiskStart start(names, context);
    wire::EraseDevicesResult result;
    result.erased = forEachDisk(sorted.candidates, atOnce, context.stop, erase);
    result.skipped = sorted.skipped;
    result.boot = start.forget();
    return wire::toJson(result);
}

wire::ErasedDisk resultOf(const Disk& disk, const DiskErasure& erasure)
{
    return {disk.name, disk.serial, std::string(erasure.method), roundedSeconds(erasure.seconds)};
}

std::uint64_t bytesOf(const std::vector<Disk>& disks)
{
    std::uint64_t bytes = 0;
    for (const Disk& disk : disks)
        bytes += disk.candidate ? disk.sizeBytes : 0;
    return bytes;
}

using Eraser = std::function<DiskErasure(const Disk&, bool wholeDevice, const EraseTools&)>;

model::JsonText eraseWithProgress(const StepContext& context, const Eraser& eraser)
{
    const std::vector<Disk> all = context.disks();
    context.progress.total(bytesOf(all));
    return eraseCandidates(context, kDisksAtOnce, [&](const Disk& disk) {
        context.progress.message("erasing " + disk.name);
        ProgressShare share(context.progress, disk.sizeBytes);
        const EraseTools tools{context.exec, context.log, share, context.stop};
        const DiskErasure done = eraser(disk, mayEraseWholeDevice(disk, all), tools);
        context.log.info(fmt::format("{} erased by {} in {:.1f} s", disk.name, done.method, done.seconds));
        return resultOf(disk, done);
    });
}

EraseOrder orderFrom(const StepContext& context)
{
    const auto in = wire::fromJson<wire::EraseDevicesArguments>(context.arguments.text, "erase_devices");
    wire::checkLimits(in);
    return {static_cast<unsigned>(in.shredPasses), in.allowShred};
}

} // namespace

model::JsonText eraseDevicesMetadata(const StepContext& context)
{
    constexpr std::size_t kOneAfterAnother = 1;
    return eraseCandidates(context, kOneAfterAnother, [&](const Disk& disk) -> wire::ErasedDisk {
        context.progress.message("erasing metadata of " + disk.name);
        eraseMetadata(disk.name, context.exec, context.log, context.stop);
        return {.name = disk.name, .serial = disk.serial};
    });
}

model::JsonText eraseDevicesExpress(const StepContext& context)
{
    return eraseWithProgress(context, eraseExpress);
}

model::JsonText eraseDevices(const StepContext& context)
{
    const EraseOrder order = orderFrom(context);
    return eraseWithProgress(context, [&](const Disk& disk, bool wholeDevice, const EraseTools& tools) {
        return eraseWholly(disk, wholeDevice, order, tools);
    });
}

} // namespace bm::agent

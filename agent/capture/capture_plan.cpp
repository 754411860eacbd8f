#include "agent/capture/capture_plan.h"

#include "agent/drive/config_drive.h"
#include "common/model/error.h"
#include "common/text/bytes.h"

#include <algorithm>
#include <fmt/format.h>

namespace bm::agent {
namespace {

constexpr std::uint64_t kAlignBytes = std::uint64_t{1} << 20U;
constexpr std::string_view kConfigDrive = "config-2";

std::uint64_t roundUp(std::uint64_t bytes)
{
    return (bytes + kAlignBytes - 1) / kAlignBytes * kAlignBytes;
}

std::vector<ByteRange> bytesOf(const std::vector<Extent>& partitions, const BlockDevice& device)
{
    std::vector<ByteRange> out;
    for (const Extent& partition : partitions) {
        ByteRange range = bytesOf(partition, device);
        range.end = std::min(range.end, device.sizeBytes());
        if (range.begin < range.end)
            out.push_back(range);
    }
    std::ranges::sort(out, {}, &ByteRange::begin);
    return out;
}

std::uint64_t endOf(const std::vector<ByteRange>& partitions)
{
    std::uint64_t end = 0;
    for (const ByteRange& partition : partitions)
        end = std::max(end, partition.end);
    return end;
}

/// The partition table for the image: without the config drive, and with its backup at the image's end.
void planGpt(Gpt& table, const BlockDevice& device, CapturePlan& plan)
{
    plan.configDriveLeftOut = table.remove(kConfigDrive);
    const std::uint64_t end = endOf(bytesOf(table.partitions(), device));
    plan.imageBytes = std::min(roundUp(end) + kAlignBytes,
                               device.sizeBytes() / device.sectorBytes() * device.sectorBytes());
    table.moveToEnd(device.path().string(), plan.imageBytes);
    for (Gpt::Piece& piece : table.pieces())
        plan.patches.push_back({piece.sector * device.sectorBytes(), std::move(piece.bytes)});
}

/// The partitions of an MBR, without the config drive; all partitions of another table.
std::vector<Extent> planMbr(const BlockDevice& device, CapturePlan& plan)
{
    std::vector<Extent> partitions = partitionsOf(device);
    std::optional<Mbr> table = partitions.empty() ? std::nullopt : Mbr::read(device);
    const std::optional<Extent> drive = table ? configDriveIn(device, *table) : std::nullopt;
    if (!drive)
        return partitions;
    table->remove(*drive);
    plan.configDriveLeftOut = true;
    plan.patches.push_back({0, {table->bytes().begin(), table->bytes().end()}});
    return table->partitions();
}

/// The free space of every partition, as ranges in order. With overlapping partitions (an MBR's extended
/// partition and its logical ones) the maps would be wrong; then nothing counts as free.
std::vector<ByteRange> freeOf(const std::vector<ByteRange>& partitions, const BlockDevice& device,
                              CapturePlan& plan, platform::Exec& exec, AgentLog& log,
                              const model::Deadline& deadline)
{
    std::vector<ByteRange> free;
    std::uint64_t at = 0;
    for (const ByteRange& partition : partitions) {
        if (partition.begin < at) {
            log.warning("partitions overlap: the whole disk is read");
            return {};
        }
        at = partition.end;
        FreeSpace space = freeSpaceAt(device, partition, exec, log, deadline);
        free.insert(free.end(), space.free.begin(), space.free.end());
        space.free.clear();
        plan.found.push_back(std::move(space));
    }
    return free;
}

} // namespace

std::vector<ByteRange> without(const ByteRange& whole, const std::vector<ByteRange>& holes)
{
    std::vector<ByteRange> out;
    std::uint64_t at = whole.begin;
    for (const ByteRange& hole : holes) {
        if (hole.begin >= whole.end)
            break;
        if (hole.begin > at)
            out.push_back({at, hole.begin});
        at = std::max(at, hole.end);
    }
    if (at < whole.end)
        out.push_back({at, whole.end});
    return out;
}

CapturePlan planCapture(const BlockDevice& device, platform::Exec& exec, AgentLog& log,
                        const model::Deadline& deadline)
{
    CapturePlan plan;
    plan.imageBytes = device.sizeBytes() / device.sectorBytes() * device.sectorBytes();
    std::vector<ByteRange> partitions;
    std::optional<Gpt> table = Gpt::read(device);
    if (table) {
        planGpt(*table, device, plan);
        partitions = bytesOf(table->partitions(), device);
    } else {
        partitions = bytesOf(planMbr(device, plan), device);
        if (!partitions.empty())
            plan.imageBytes = std::min(plan.imageBytes, roundUp(endOf(partitions)));
        else if (fileSystemAt(device, {0, device.sizeBytes()}) != FileSystem::None)
            partitions.push_back({0, device.sizeBytes()});
    }
    // After the last partition of a GPT only the omitted config drive has data.
    const std::uint64_t end = table ? endOf(partitions) : plan.imageBytes;
    plan.used = without({0, end}, freeOf(partitions, device, plan, exec, log, deadline));
    return plan;
}

} // namespace bm::agent

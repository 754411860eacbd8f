#include "images/formats/disk_inspection.h"

#include "images/formats/qcow2_clusters.h"
#include "images/formats/qcow2_header.h"
#include "images/formats/vhd_header.h"
#include "images/formats/vhdx_header.h"
#include "images/formats/vmdk_header.h"

namespace bm::images {
namespace {

InspectedDisk inspectQcow2(const ByteSource& file, std::uint64_t limitBytes)
{
    const Qcow2Header header = parseQcow2Header(file.read(0, kHeadBytes), file.sizeBytes(), limitBytes);
    checkQcow2Clusters(file, header);
    return {header.virtualBytes, header.dirty};
}

std::uint64_t inspectVmdk(const ByteSource& file, std::uint64_t limitBytes)
{
    const VmdkHeader header = parseVmdkHeader(file, limitBytes);
    checkVmdkGrains(file, header);
    return header.virtualBytes;
}

std::uint64_t inspectVhd(const ByteSource& file, std::uint64_t limitBytes)
{
    const VhdHeader header = parseVhdHeader(file, limitBytes);
    checkVhdBlocks(file, header);
    return header.virtualBytes;
}

std::uint64_t inspectVhdx(const ByteSource& file, std::uint64_t limitBytes)
{
    const VhdxHeader header = parseVhdxHeader(file, limitBytes);
    checkVhdxBlocks(file, header);
    return header.virtualBytes;
}

} // namespace

InspectedDisk inspectDisk(DiskFormat format, const ByteSource& file, std::uint64_t limitBytes)
{
    switch (format) {
    case DiskFormat::Raw:
        break;
    case DiskFormat::Qcow2:
        return inspectQcow2(file, limitBytes);
    case DiskFormat::Vmdk:
        return {inspectVmdk(file, limitBytes)};
    case DiskFormat::Vhd:
        return {inspectVhd(file, limitBytes)};
    case DiskFormat::Vhdx:
        return {inspectVhdx(file, limitBytes)};
    }
    return {file.sizeBytes()};
}

void inspectHead(DiskFormat format, std::span<const std::byte> head, std::uint64_t limitBytes)
{
    if (format == DiskFormat::Qcow2)
        parseQcow2Header(head, UINT64_MAX, limitBytes);
}

} // namespace bm::images

#include "images/formats/qcow2_header.h"

#include "common/model/error.h"
#include "common/text/bytes.h"
#include "images/formats/disk_refusal.h"

#include <fmt/format.h>
#include <string>
#include <string_view>

namespace bm::images {
namespace {

using model::Error;
using model::ErrorCode;

constexpr std::size_t kVersion2Bytes = 72;
constexpr std::size_t kVersion3Bytes = 104;
constexpr std::uint64_t kMostL1Entries = (std::uint64_t{32} << 20U) / 8; // QCOW_MAX_L1_SIZE

constexpr std::uint64_t kDirty = 1U << 0U;
constexpr std::uint64_t kCorrupt = 1U << 1U;
constexpr std::uint64_t kExternalData = 1U << 2U;
constexpr std::uint64_t kCompressionType = 1U << 3U;
constexpr std::uint64_t kExtendedL2 = 1U << 4U;
constexpr std::uint64_t kUnderstood = kDirty | kCorrupt | kExternalData | kCompressionType | kExtendedL2;

constexpr std::uint32_t kExtensionEnd = 0;
constexpr std::uint32_t kExtensionDataFile = 0x44415441;
constexpr std::uint32_t kExtensionEncryption = 0x0537be77;

[[noreturn]] void corrupt(const std::string& why)
{
    throw Error(ErrorCode::ImageCorrupt, "qcow2: " + why, "fetch it again and compare its checksum");
}

[[noreturn]] void unsupported(const std::string& why, const std::string& hint)
{
    throw Error(ErrorCode::ImageUnsupported, "qcow2: " + why, hint);
}

[[noreturn]] void externalData()
{
    unsupported("the image keeps its data in an external data file",
                "convert it to one file: qemu-img convert -O qcow2 IMAGE NEW.qcow2");
}

[[noreturn]] void encrypted()
{
    unsupported("the image is encrypted", "decrypt it first: qemu-img convert");
}

void checkFeatures(std::uint64_t features)
{
    if ((features & kExternalData) != 0)
        externalData();
    if ((features & kCorrupt) != 0)
        throw Error(ErrorCode::ImageCorrupt, "qcow2: the image is marked as corrupt",
                    std::string(kRepairImage));
    if ((features & ~kUnderstood) != 0)
        unsupported(fmt::format("unknown incompatible features {:#x}", features & ~kUnderstood),
                    "convert it with the tool that created it: qemu-img convert -O qcow2 -o compat=1.1");
}

/// Header extensions follow the header: type, length, data padded to 8. Type 0 or the end of the first
/// cluster ends them.
void checkExtensions(std::span<const std::byte> head, std::uint64_t headerBytes, std::uint64_t clusterBytes)
{
    std::uint64_t at = headerBytes;
    while (at + 8 <= head.size() && at + 8 <= clusterBytes) {
        const auto type = text::bigEndian<std::uint32_t>(head, at);
        const std::uint64_t length = text::bigEndian<std::uint32_t>(head, at + 4);
        if (type == kExtensionEnd)
            return;
        if (type == kExtensionDataFile)
            externalData();
        if (type == kExtensionEncryption)
            encrypted();
        if (length > clusterBytes)
            corrupt("a header extension is longer than its cluster");
        at += 8 + (length + 7) / 8 * 8;
    }
}

void readTables(std::span<const std::byte> head, Qcow2Header& header, std::uint64_t fileBytes)
{
    header.l1Entries = text::bigEndian<std::uint32_t>(head, 36);
    header.l1Offset = text::bigEndian<std::uint64_t>(head, 40);
    const auto refcounts = text::bigEndian<std::uint64_t>(head, 48);
    // Extended L2 entries are twice as long. The smaller count is the minimum for every image.
    const std::uint64_t covered = std::uint64_t{header.clusterBytes} * (header.clusterBytes / 8);
    if (header.l1Entries > kMostL1Entries || header.l1Entries < header.virtualBytes / covered)
        corrupt(fmt::format("{} L1 entries are too few for {} bytes", header.l1Entries, header.virtualBytes));
    if (header.l1Offset > fileBytes || header.l1Entries * 8 > fileBytes - header.l1Offset ||
        refcounts >= fileBytes)
        corrupt("truncated: the tables lie outside the file");
}

} // namespace

Qcow2Header parseQcow2Header(std::span<const std::byte> head, std::uint64_t fileBytes,
                             std::uint64_t limitBytes)
{
    if (head.size() < kVersion3Bytes)
        corrupt("the file is shorter than a header");
    Qcow2Header header;
    header.version = text::bigEndian<std::uint32_t>(head, 4);
    if (header.version != 2 && header.version != 3)
        unsupported(fmt::format("unsupported version {}", header.version),
                    "convert it first: qemu-img convert -O qcow2");
    const auto clusterBits = text::bigEndian<std::uint32_t>(head, 20);
    if (clusterBits < 9 || clusterBits > 21)
        corrupt(fmt::format("invalid cluster size: 2^{} bytes", clusterBits));
    header.clusterBytes = 1U << clusterBits;
    header.virtualBytes = text::bigEndian<std::uint64_t>(head, 24);

    if (text::bigEndian<std::uint64_t>(head, 8) != 0)
        unsupported("the image needs a backing file",
                    "convert it to one file: qemu-img convert -O qcow2 IMAGE NEW.qcow2");
    if (text::bigEndian<std::uint32_t>(head, 32) != 0)
        encrypted();
    if (text::bigEndian<std::uint32_t>(head, 60) != 0)
        unsupported("the image holds internal snapshots",
                    "convert one state: qemu-img convert -O qcow2 IMAGE NEW.qcow2");
    std::uint64_t headerBytes = kVersion2Bytes;
    if (header.version == 3) {
        const auto features = text::bigEndian<std::uint64_t>(head, 72);
        checkFeatures(features);
        header.extendedL2 = (features & kExtendedL2) != 0;
        header.dirty = (features & kDirty) != 0;
        headerBytes = text::bigEndian<std::uint32_t>(head, 100);
        if (headerBytes < kVersion3Bytes || headerBytes > header.clusterBytes)
            corrupt(fmt::format("invalid header length: {} bytes", headerBytes));
    }
    checkExtensions(head, headerBytes, header.clusterBytes);
    if (header.virtualBytes == 0)
        unsupported("the image has a virtual size of 0", "use an image of a disk");
    if (header.virtualBytes > limitBytes)
        throw Error(
            ErrorCode::ImageTooLarge,
            fmt::format("qcow2: a disk of {} bytes, the limit is {}", header.virtualBytes, limitBytes),
            "shrink the image, or raise the limit (bmd --print-config)");
    readTables(head, header, fileBytes);
    return header;
}

} // namespace bm::images

#include "images/formats/formats.h"

#include "common/model/error.h"
#include "common/text/bytes.h"
#include "images/base/magic.h"
#include "images/formats/partition_table.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <string>

namespace bm::images {
namespace {

using model::Error;
using model::ErrorCode;

using namespace std::string_view_literals;

struct Known {
    std::size_t offset;
    std::string_view magic;
    std::string_view name;
    std::string_view hint;
};

constexpr std::string_view kConvert = "convert it first: qemu-img convert -O qcow2 IMAGE NEW.qcow2";
constexpr std::string_view kUnpack = "unpack it and add the disk image from it";

constexpr auto kRefused = std::to_array<Known>({
    {0, "COWD"sv, "an old ESX VMDK extent", kConvert},
    {0, "# Disk DescriptorFile"sv, "a VMDK descriptor, whose data is in other files (flat or split)",
     "convert it to one file beside its extents: qemu-img convert -O vmdk IMAGE.vmdk NEW.vmdk"},
    {64, "\x7f\x10\xda\xbe"sv, "a VDI image", kConvert},
    {0, "QED\0"sv, "a QED image", kConvert},
    {0, "WithoutFreeSpace"sv, "a Parallels image", kConvert},
    {0, "WithouFreSpacExt"sv, "a Parallels image", kConvert},
    {32769, "CD001"sv, "an ISO 9660 image",
     "add it as a RAM disk image, without --kind disk (docs/ramdisk-deployments.md)"},
    {0, "LUKS\xba\xbe"sv, "an encrypted (LUKS) image", "decrypt it first: qemu-img convert"},
    {0, "PK\x03\x04"sv, "a ZIP archive", kUnpack},
    {0, "7z\xbc\xaf\x27\x1c"sv, "a 7-Zip archive", kUnpack},
    {0, "Rar!"sv, "a RAR archive", kUnpack},
    {257, "ustar"sv, "a tar archive", kUnpack},
    {0, "070701"sv, "a cpio archive", kUnpack},
    {0, "!<arch>\n"sv, "a Debian package or ar archive", kUnpack},
    {0, "\xed\xab\xee\xdb"sv, "an RPM package", kUnpack},
    {0,
     "\x7f"
     "ELF"sv,
     "a program (ELF)", "give a disk image"},
    {0, "%PDF"sv, "a PDF document", "give a disk image"},
});

struct Magic {
    std::string_view bytes; ///< at the begin of the file
    DiskFormat format;
};

constexpr auto kTaken = std::to_array<Magic>({
    {"QFI\xfb"sv, DiskFormat::Qcow2},
    {"KDMV"sv, DiskFormat::Vmdk},
    {"conectix"sv, DiskFormat::Vhd},
    {"vhdxfile"sv, DiskFormat::Vhdx},
});

/// The old .lzma format has no magic number. It begins with properties, a dictionary of a common size, and a
/// length that is unknown or below 2^48.
bool isLzma(std::span<const std::byte> head)
{
    if (!hasAt(head, 0, "\x5d\x00\x00"sv) || head.size() < 13)
        return false;
    const auto length = text::littleEndian<std::uint64_t>(head, 5);
    return length == UINT64_MAX || length < std::uint64_t{1} << 48U;
}

Compression detectRarerCompression(std::span<const std::byte> head) noexcept
{
    if (hasAt(head, 0, "\x04\x22\x4d\x18"sv))
        return Compression::Lz4;
    if (hasAt(head, 0, "LZIP"sv))
        return Compression::Lzip;
    if (hasAt(head, 0, "\x89LZO\x00\r\n\x1a\n"sv))
        return Compression::Lzop;
    if (hasAt(head, 0, "\x1f\x9d"sv))
        return Compression::Compress;
    return isLzma(head) ? Compression::Lzma : Compression::None;
}

/// True if the head is printable text, such as an error page of a web server. No disk image begins with text.
bool looksLikeText(std::span<const std::byte> head)
{
    constexpr std::size_t kEnough = 512;
    return std::ranges::all_of(head.first(std::min(head.size(), kEnough)), [](std::byte byte) {
        const auto c = static_cast<unsigned char>(byte);
        return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c != 0x7f);
    });
}

} // namespace

std::string_view toText(Compression compression) noexcept
{
    switch (compression) {
    case Compression::None:
        return "";
    case Compression::Gzip:
        return "gz";
    case Compression::Xz:
        return "xz";
    case Compression::Bzip2:
        return "bz2";
    case Compression::Zstd:
        return "zst";
    case Compression::Lz4:
        return "lz4";
    case Compression::Lzma:
        return "lzma";
    case Compression::Lzip:
        return "lz";
    case Compression::Lzop:
        return "lzo";
    case Compression::Compress:
        return "Z";
    }
    return "";
}

std::string_view toText(DiskFormat format) noexcept
{
    switch (format) {
    case DiskFormat::Raw:
        return "raw";
    case DiskFormat::Qcow2:
        return "qcow2";
    case DiskFormat::Vmdk:
        return "vmdk";
    case DiskFormat::Vhd:
        return "vhd";
    case DiskFormat::Vhdx:
        return "vhdx";
    }
    return "";
}

Compression detectCompression(std::span<const std::byte> head) noexcept
{
    if (hasAt(head, 0, "\x1f\x8b"sv))
        return Compression::Gzip;
    if (hasAt(head, 0,
              "\xfd"
              "7zXZ\0"sv))
        return Compression::Xz;
    if (hasAt(head, 0, "BZh"sv) &&
        (hasAt(head, 4, "1AY&SY"sv) || hasAt(head, 4, "\x17\x72\x45\x38\x50\x90"sv)))
        return Compression::Bzip2;
    const bool skippable = hasAt(head, 1, "\x2a\x4d\x18"sv) && (head[0] & std::byte{0xf0}) == std::byte{0x50};
    if (hasAt(head, 0, "\x28\xb5\x2f\xfd"sv) || skippable)
        return Compression::Zstd;
    return detectRarerCompression(head);
}

bool looksLikeArchive(std::span<const std::byte> head) noexcept
{
    return hasAt(head, 257, "ustar"sv) || hasAt(head, 0, "070701"sv) || hasAt(head, 0, "070702"sv) ||
           hasAt(head, 0, "070707"sv) || hasAt(head, 0, "\xc7\x71"sv) || hasAt(head, 0, "PK\x03\x04"sv);
}

DiskFormat identify(std::span<const std::byte> head)
{
    if (head.empty())
        throw Error(ErrorCode::ImageCorrupt, "the image is empty",
                    "check where it was created or downloaded");
    for (const Magic& magic : kTaken)
        if (hasAt(head, 0, magic.bytes))
            return magic.format;
    for (const Known& known : kRefused)
        if (hasAt(head, known.offset, known.magic))
            throw Error(ErrorCode::ImageUnsupported, fmt::format("this is {}", known.name),
                        std::string(known.hint));
    if (looksLikeText(head))
        throw Error(ErrorCode::ImageUnsupported, "this is text, not a disk image",
                    "check it with head: a download may have saved an error page");
    return DiskFormat::Raw;
}

void refuseFooter(std::span<const std::byte> tail)
{
    if (hasAt(tail, 0, "koly"sv))
        throw Error(ErrorCode::ImageUnsupported, "this is a DMG image", std::string(kConvert));
}

void checkRawLength(std::span<const std::byte> head, std::uint64_t sizeBytes)
{
    constexpr std::uint64_t kSector = 512;
    const PartitionExtent extent = partitionExtent(head);
    if (sizeBytes < extent.leastBytes)
        throw Error(
            ErrorCode::ImageCorrupt,
            fmt::format("the image is truncated: it has {} bytes, but its {} partition table reaches to {}",
                        sizeBytes, extent.kind, extent.leastBytes),
            "fetch it again and compare its checksum");
    if (sizeBytes % kSector == 0)
        return;
    if (extent.leastBytes > 0)
        throw Error(ErrorCode::ImageCorrupt,
                    fmt::format("{} bytes are not a whole number of sectors", sizeBytes),
                    "fetch it again and compare its checksum");
    throw Error(
        ErrorCode::ImageUnsupported,
        fmt::format("not a disk image: no known format, and {} bytes are not a whole number of sectors",
                    sizeBytes),
        "supported formats: raw, qcow2, vmdk, vhd and vhdx, plain or compressed once");
}

} // namespace bm::images

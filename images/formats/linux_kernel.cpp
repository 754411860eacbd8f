#include "images/formats/linux_kernel.h"

#include "common/model/error.h"
#include "common/text/bytes.h"
#include "images/base/magic.h"

#include <array>
#include <fmt/format.h>
#include <string_view>

namespace bm::images {
namespace {

using model::Error;
using model::ErrorCode;
using namespace std::string_view_literals;

// Offsets in the file, with the header's field names.
constexpr std::size_t kSetupSectors = 0x1f1; // setup_sects
constexpr std::size_t kParagraphs = 0x1f4;   // syssize, in 16 bytes
constexpr std::size_t kMagic = 0x202;        // header: "HdrS"
constexpr std::size_t kProtocol = 0x206;     // version
constexpr std::size_t kVersionText = 0x20e;  // kernel_version, counted from 0x200
constexpr std::size_t kLoadFlags = 0x211;    // loadflags
constexpr std::size_t kXLoadFlags = 0x236;   // xloadflags
constexpr std::size_t kHeaderEnd = 0x268;
constexpr std::uint16_t kInitrdProtocol = 0x0200;
constexpr std::uint16_t kXLoadFlagsProtocol = 0x020c;

std::string versionOf(const ByteSource& source, const ByteRange& kernel, std::span<const std::byte> head)
{
    constexpr std::size_t kLongest = 120;
    const std::uint64_t at = text::littleEndian<std::uint16_t>(head, kVersionText);
    if (at == 0 || at + 0x200 + kLongest > kernel.bytes)
        return {};
    std::string version;
    for (const std::byte byte : source.read(kernel.offset + 0x200 + at, kLongest)) {
        const char c = static_cast<char>(byte);
        if (c <= ' ' || c > '~')
            break;
        version += c;
    }
    return version;
}

[[noreturn]] void refuseKernel(const std::string& name, std::span<const std::byte> head)
{
    const bool gzip = hasAt(head, 0, "\x1f\x8b"sv);
    const bool elf = hasAt(head, 0,
                           "\x7f"
                           "ELF"sv);
    throw Error(
        ErrorCode::ImageUnsupported,
        fmt::format("{} is not a bootable kernel: it has no \"HdrS\" at 0x202", name),
        gzip  ? "decompress it"
        : elf ? "this is vmlinux: use the bzImage, which distributions call vmlinuz"
              : "use the bzImage of x86, which distributions call vmlinuz; check that kernel and initrd "
                "are not swapped");
}

} // namespace

LinuxKernel inspectKernel(const ByteSource& source, const ByteRange& kernel, const std::string& name)
{
    if (kernel.bytes > kMostKernelBytes)
        throw Error(
            ErrorCode::ImageTooLarge,
            fmt::format("{} has {} bytes, but a kernel has at most {}", name, kernel.bytes, kMostKernelBytes),
            "check that kernel and initrd are not swapped");
    const std::vector<std::byte> head =
        source.read(kernel.offset, static_cast<std::size_t>(std::min<std::uint64_t>(kernel.bytes, 4096)));
    if (head.size() < kHeaderEnd || !hasAt(head, kMagic, "HdrS"sv))
        refuseKernel(name, head);
    const auto protocol = text::littleEndian<std::uint16_t>(head, kProtocol);
    if (protocol < kInitrdProtocol || (std::to_integer<unsigned>(head[kLoadFlags]) & 1U) == 0)
        throw Error(ErrorCode::ImageUnsupported, name + " is a zImage, which supports no large initrd",
                    "use a bzImage");
    const unsigned given = std::to_integer<unsigned>(head[kSetupSectors]);
    const std::uint64_t setup = (given == 0 ? 4U : given) + 1;
    const std::uint64_t declared =
        setup * 512 + std::uint64_t{text::littleEndian<std::uint32_t>(head, kParagraphs)} * 16;
    constexpr std::uint64_t kRounding = 16;
    if (declared > kernel.bytes + kRounding)
        throw Error(ErrorCode::ImageCorrupt,
                    fmt::format("{} is truncated: it has {} bytes, but its header says {}", name,
                                kernel.bytes, declared),
                    "fetch it again and compare its checksum");
    LinuxKernel found;
    found.version = versionOf(source, kernel, head);
    found.is64 =
        protocol >= kXLoadFlagsProtocol && (text::littleEndian<std::uint16_t>(head, kXLoadFlags) & 1U) != 0;
    found.efi = hasAt(head, 0, "MZ"sv);
    return found;
}

std::string inspectInitrd(const ByteSource& source, const ByteRange& initrd, const std::string& name)
{
    struct Known {
        std::string_view magic;
        std::string_view text;
    };
    // The formats that the kernel unpacks: lib/decompress.c and init/initramfs.c.
    static constexpr auto kKnown = std::to_array<Known>({
        {"070701"sv, "cpio"},
        {"070702"sv, "cpio"},
        {"\x1f\x8b"sv, "gz"},
        {"\x28\xb5\x2f\xfd"sv, "zst"},
        {"\xfd"
         "7zXZ\0"sv,
         "xz"},
        {"BZh"sv, "bz2"},
        {"\x02\x21\x4c\x18"sv, "lz4"},
        {"\x04\x22\x4d\x18"sv, "lz4"},
        {"\x5d\x00\x00"sv, "lzma"},
        {"\x89LZO\x00\r\n"sv, "lzo"},
    });
    if (initrd.bytes > kMostInitrdBytes)
        throw Error(ErrorCode::ImageTooLarge,
                    fmt::format("{} has {} bytes, but an initrd has at most {}", name, initrd.bytes,
                                kMostInitrdBytes),
                    "check that it is not a disk image");
    const std::vector<std::byte> head = source.read(initrd.offset, 16);
    for (const Known& known : kKnown)
        if (hasAt(head, 0, known.magic))
            return std::string(known.text);
    throw Error(ErrorCode::ImageUnsupported,
                name + " is not an initrd: neither a cpio archive (newc) nor one in a compression that the "
                       "kernel supports",
                "create one: find . | cpio -o -H newc | zstd > initrd.img");
}

} // namespace bm::images

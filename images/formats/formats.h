#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace bm::images {

enum class Compression : std::uint8_t { None, Gzip, Xz, Bzip2, Zstd, Lz4, Lzma, Lzip, Lzop, Compress };
enum class DiskFormat : std::uint8_t { Raw, Qcow2, Vmdk, Vhd, Vhdx };

/// "", "gz", "xz", "bz2", "zst", "lz4", "lzma", "lz", "lzo", "Z".
std::string_view toText(Compression compression) noexcept;
/// "raw", "qcow2", "vmdk", "vhd", "vhdx". A fixed VHD is Raw here: only its last bytes tell.
std::string_view toText(DiskFormat format) noexcept;

/// How much of a file's begin the functions below look at; less is given only where the file is shorter.
inline constexpr std::size_t kHeadBytes = std::size_t{1} << 20U;

/// By the first bytes; names and suffixes are not looked at.
Compression detectCompression(std::span<const std::byte> head) noexcept;

/// Whether the (uncompressed) bytes begin as an archive of files does: tar, cpio, zip.
bool looksLikeArchive(std::span<const std::byte> head) noexcept;

/// What the (uncompressed) bytes are. What is known and not taken is refused by its name, what looks like no
/// disk at all (text, an archive) too; anything else is raw.
/// @throws Error ImageUnsupported (with what to do instead)
DiskFormat identify(std::span<const std::byte> head);

/// Refuses a raw image whose last 512 bytes are another format's footer (DMG). @throws Error
/// ImageUnsupported
void refuseFooter(std::span<const std::byte> tail);

/// Refuses a raw image that is no whole number of sectors, or shorter than its partition table says.
/// @throws Error ImageCorrupt, ImageUnsupported
void checkRawLength(std::span<const std::byte> head, std::uint64_t sizeBytes);

} // namespace bm::images

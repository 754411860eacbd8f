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
/// "raw", "qcow2", "vmdk", "vhd", "vhdx". A fixed VHD counts as Raw: only its last bytes identify it.
std::string_view toText(DiskFormat format) noexcept;

/// The number of first bytes that the functions below examine. Callers pass fewer only for a shorter file.
inline constexpr std::size_t kHeadBytes = std::size_t{1} << 20U;

/// Detects the compression from the first bytes; file names do not matter.
Compression detectCompression(std::span<const std::byte> head) noexcept;

/// True if the (uncompressed) bytes begin like a tar, cpio or zip archive.
bool looksLikeArchive(std::span<const std::byte> head) noexcept;

/// Identifies the format of the (uncompressed) bytes. Refuses known unsupported formats by name, and content
/// that is not a disk, such as text or an archive. Anything else is raw.
/// @throws Error ImageUnsupported, with a hint
DiskFormat identify(std::span<const std::byte> head);

/// Refuses a raw image whose last 512 bytes are the footer of another format (DMG). @throws Error
/// ImageUnsupported
void refuseFooter(std::span<const std::byte> tail);

/// Refuses a raw image that is not a whole number of sectors, or shorter than its partition table.
/// @throws Error ImageCorrupt, ImageUnsupported
void checkRawLength(std::span<const std::byte> head, std::uint64_t sizeBytes);

} // namespace bm::images

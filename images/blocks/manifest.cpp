#include "images/blocks/manifest.h"

#include "common/model/error.h"
#include "images/blocks/digest.h"

#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <string_view>
#include <zstd.h>

namespace bm::images {
namespace {

using model::Error;
using model::ErrorCode;

constexpr std::string_view kMagic = "BMMANIF1";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeaderBytes = 8 + 4 + 4 + 8 + 8 + 8;
constexpr std::size_t kEntryBytes = 32 + 8 + 4 + 4;
constexpr std::size_t kTrailerBytes = 32;
constexpr std::uint32_t kFlagHole = 1;

[[noreturn]] void corrupt(const std::string& why)
{
    throw Error(ErrorCode::ImageCorrupt, "manifest: " + why, "remove the image and add it again");
}

template <class T> void appendInteger(std::string& out, T value)
{
    for (unsigned shift = 0; shift < sizeof(T) * 8; shift += 8)
        out += static_cast<char>((value >> shift) & 0xffU);
}

/// Reads little-endian integers one after another. The caller has checked the length.
class Cursor {
public:
    explicit Cursor(std::span<const std::byte> bytes) : bytes_(bytes) {}
    template <class T> T integer()
    {
        T value = 0;
        for (unsigned i = 0; i < sizeof(T); ++i)
            value |= static_cast<T>(static_cast<T>(bytes_[at_ + i]) << (8U * i));
        at_ += sizeof(T);
        return value;
    }
    Sha256 hash()
    {
        Sha256 out{};
        for (std::uint8_t& byte : out)
            byte = static_cast<std::uint8_t>(bytes_[at_++]);
        return out;
    }
    void skip(std::size_t count) { at_ += count; }

private:
    std::span<const std::byte> bytes_;
    std::size_t at_ = 0;
};

std::uint64_t blockCount(std::uint64_t sizeBytes)
{
    return sizeBytes / kBlockBytes + (sizeBytes % kBlockBytes == 0 ? 0 : 1);
}

void checkTrailer(std::span<const std::byte> bytes)
{
    const Sha256 expected = sha256(bytes.first(bytes.size() - kTrailerBytes));
    const std::span<const std::byte> found = bytes.last(kTrailerBytes);
    if (!std::ranges::equal(std::as_bytes(std::span(expected)), found))
        corrupt("the checksum of the manifest does not match");
}

struct Header {
    std::uint64_t sizeBytes = 0;
    std::uint64_t storedBytes = 0;
    std::uint64_t count = 0;
};

Header parseHeader(std::span<const std::byte> bytes)
{
    if (bytes.size() < kHeaderBytes + kTrailerBytes)
        corrupt(fmt::format("{} bytes are too few", bytes.size()));
    if (!std::ranges::equal(bytes.first(kMagic.size()), std::as_bytes(std::span(kMagic))))
        corrupt("not a manifest");
    Cursor cursor(bytes);
    cursor.skip(kMagic.size());
    if (const auto version = cursor.integer<std::uint32_t>(); version != kVersion)
        corrupt(fmt::format("unknown version {}", version));
    if (const auto block = cursor.integer<std::uint32_t>(); block != kBlockBytes)
        corrupt(fmt::format("blocks of {} bytes", block));
    Header header;
    header.sizeBytes = cursor.integer<std::uint64_t>();
    header.storedBytes = cursor.integer<std::uint64_t>();
    header.count = cursor.integer<std::uint64_t>();
    if (header.count != blockCount(header.sizeBytes))
        corrupt(fmt::format("{} blocks cannot hold {} bytes", header.count, header.sizeBytes));
    const std::size_t room = bytes.size() - kHeaderBytes - kTrailerBytes;
    if (room % kEntryBytes != 0 || header.count != room / kEntryBytes)
        corrupt(fmt::format("the header says {} blocks, but the entries have {} bytes", header.count, room));
    return header;
}

/// Frames are contiguous: `zstd -d` reads the whole file.
void checkEntry(const BlockEntry& entry, std::uint32_t flags, std::size_t index, std::uint64_t expectedOffset,
                std::uint64_t storedBytes)
{
    static const std::uint64_t longest = ZSTD_compressBound(kBlockBytes);
    if ((flags & ~kFlagHole) != 0)
        corrupt(fmt::format("block {}: unknown flags {:#x}", index, flags));
    if (entry.offset != expectedOffset)
        corrupt(
            fmt::format("block {}: the frame is at {}, expected at {}", index, entry.offset, expectedOffset));
    if (entry.length == 0 || entry.length > longest)
        corrupt(fmt::format("block {}: a frame of {} bytes", index, entry.length));
    if (entry.offset > storedBytes || entry.length > storedBytes - entry.offset)
        corrupt(fmt::format("block {}: the frame lies outside the file of {} bytes", index, storedBytes));
}

void checkHoles(const Manifest& manifest)
{
    static const Sha256 full = sha256(std::vector<std::byte>(kBlockBytes));
    for (std::size_t i = 0; i < manifest.blocks.size(); ++i) {
        if (!manifest.blocks[i].hole)
            continue;
        const std::uint64_t length = manifest.rawLength(i);
        const Sha256 expected = length == kBlockBytes ? full : sha256(std::vector<std::byte>(length));
        if (manifest.blocks[i].sha256 != expected)
            corrupt(fmt::format("block {}: marked as a hole, but its hash is not the hash of zeros", i));
    }
}

} // namespace

std::uint64_t Manifest::rawLength(std::size_t block) const
{
    BM_ASSERT(block < blocks.size());
    return std::min(kBlockBytes, sizeBytes - block * kBlockBytes);
}

std::uint64_t Manifest::dataBytes() const
{
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < blocks.size(); ++i)
        total += blocks[i].hole ? 0 : rawLength(i);
    return total;
}

std::string Manifest::contentId() const
{
    std::string size;
    appendInteger(size, sizeBytes);
    Digest digest(Digest::Kind::Bits256);
    digest.update(std::as_bytes(std::span(size)));
    for (const BlockEntry& entry : blocks)
        digest.update(std::as_bytes(std::span(entry.sha256)));
    return digest.hex();
}

std::string serialise(const Manifest& manifest)
{
    BM_ASSERT(manifest.blocks.size() == blockCount(manifest.sizeBytes));
    std::string out(kMagic);
    out.reserve(kHeaderBytes + manifest.blocks.size() * kEntryBytes + kTrailerBytes);
    appendInteger(out, kVersion);
    appendInteger(out, static_cast<std::uint32_t>(kBlockBytes));
    appendInteger(out, manifest.sizeBytes);
    appendInteger(out, manifest.storedBytes);
    appendInteger(out, static_cast<std::uint64_t>(manifest.blocks.size()));
    for (const BlockEntry& entry : manifest.blocks) {
        out.append(entry.sha256.begin(), entry.sha256.end());
        appendInteger(out, entry.offset);
        appendInteger(out, entry.length);
        appendInteger(out, entry.hole ? kFlagHole : std::uint32_t{0});
    }
    const Sha256 trailer = sha256(std::as_bytes(std::span(out)));
    out.append(trailer.begin(), trailer.end());
    return out;
}

Manifest parseManifest(std::span<const std::byte> bytes)
{
    const Header header = parseHeader(bytes);
    checkTrailer(bytes);
    Manifest manifest;
    manifest.sizeBytes = header.sizeBytes;
    manifest.storedBytes = header.storedBytes;
    manifest.blocks.reserve(header.count);
    Cursor cursor(bytes.subspan(kHeaderBytes));
    std::uint64_t end = 0;
    for (std::size_t i = 0; i < header.count; ++i) {
        BlockEntry entry;
        entry.sha256 = cursor.hash();
        entry.offset = cursor.integer<std::uint64_t>();
        entry.length = cursor.integer<std::uint32_t>();
        const auto flags = cursor.integer<std::uint32_t>();
        entry.hole = (flags & kFlagHole) != 0;
        checkEntry(entry, flags, i, end, manifest.storedBytes);
        end = entry.offset + entry.length;
        manifest.blocks.push_back(entry);
    }
    if (end != manifest.storedBytes)
        corrupt(fmt::format("the frames end at {}, the file at {}", end, manifest.storedBytes));
    checkHoles(manifest);
    return manifest;
}

} // namespace bm::images

#include "images/store/boot_parts.h"

#include "common/model/error.h"
#include "common/platform/files.h"
#include "common/text/text.h"
#include "images/base/confined_child.h"
#include "images/base/disk_space.h"
#include "images/blocks/block_decoder.h"
#include "images/blocks/digest.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace bm::images {
namespace {

using model::Error;
using model::ErrorCode;

constexpr std::uint64_t kAlignment = 4;

std::uint64_t paddingOf(const ByteRange& part)
{
    return (kAlignment - part.bytes % kAlignment) % kAlignment;
}

void writeAll(int fd, std::span<const std::byte> bytes)
{
    while (!bytes.empty()) {
        const ssize_t count = ::write(fd, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            throwWriteFailed("extracting a file from an image", errno);
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
}

/// Reads raw blocks, one at a time.
class RawBlocks {
public:
    RawBlocks(const ByteSource& blocks, const Manifest& manifest) : blocks_(blocks), manifest_(manifest) {}

    std::span<const std::byte> at(std::size_t index)
    {
        const BlockEntry& entry = manifest_.blocks.at(index);
        const auto length = static_cast<std::size_t>(manifest_.rawLength(index));
        const std::span<std::byte> raw = std::span(raw_).first(length);
        const std::vector<std::byte> frame = blocks_.read(entry.offset, entry.length);
        if (frame.size() < entry.length)
            throw Error(ErrorCode::ImageCorrupt, "the image's blocks are truncated",
                        "add the image again from its source");
        decoder_.decode(entry, frame, raw);
        return raw;
    }

private:
    const ByteSource& blocks_;
    const Manifest& manifest_;
    BlockDecoder decoder_;
    std::vector<std::byte> raw_ = std::vector<std::byte>(kBlockBytes);
};

void copyPart(RawBlocks& blocks, const ByteRange& part, int fd, const model::Deadline& deadline)
{
    for (std::uint64_t done = 0; done < part.bytes;) {
        throwIfOver(deadline);
        const std::uint64_t at = part.offset + done;
        std::span<const std::byte> raw =
            blocks.at(static_cast<std::size_t>(at / kBlockBytes)).subspan(at % kBlockBytes);
        raw = raw.first(static_cast<std::size_t>(std::min<std::uint64_t>(raw.size(), part.bytes - done)));
        writeAll(fd, raw);
        done += raw.size();
    }
    constexpr std::array<std::byte, kAlignment> kZeros{};
    writeAll(fd, std::span(kZeros).first(paddingOf(part)));
}

} // namespace

std::string partsName(const std::vector<ByteRange>& parts)
{
    std::string text;
    for (const ByteRange& part : parts)
        text += std::to_string(part.offset) + "+" + std::to_string(part.bytes) + " ";
    return text::toHex(sha256(std::as_bytes(std::span(text)))).substr(0, 32);
}

std::uint64_t bytesOf(const std::vector<ByteRange>& parts)
{
    std::uint64_t bytes = 0;
    for (const ByteRange& part : parts)
        bytes += part.bytes + paddingOf(part);
    return bytes;
}

void writeParts(const ByteSource& blocks, const Manifest& manifest, const std::vector<ByteRange>& parts,
                const std::filesystem::path& file, const model::Deadline& deadline)
{
    for (const ByteRange& part : parts)
        if (part.offset > manifest.sizeBytes || part.bytes > manifest.sizeBytes - part.offset)
            throw Error(ErrorCode::ImageCorrupt, "a file in this image reaches past the end of the image",
                        "add the image again from its source");
    const platform::Fd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (!fd)
        throwWriteFailed("creating " + file.string(), errno);
    RawBlocks raw(blocks, manifest);
    for (const ByteRange& part : parts)
        copyPart(raw, part, fd.get(), deadline);
    if (::fsync(fd.get()) != 0)
        throwWriteFailed("syncing " + file.string(), errno);
}

} // namespace bm::images

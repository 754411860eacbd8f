#include "images/store/block_check.h"

#include "common/model/error.h"
#include "images/base/confined_child.h"
#include "images/blocks/block_decoder.h"

#include <fmt/format.h>
#include <optional>

namespace bm::images {
namespace {

using model::Error;
using model::ErrorCode;

/// The error of one block; nullopt when the block is intact.
std::optional<Error> faultOf(const ByteSource& blocks, const BlockEntry& entry, BlockDecoder& decoder,
                             std::span<std::byte> raw)
{
    const std::vector<std::byte> frame = blocks.read(entry.offset, entry.length);
    if (frame.size() < entry.length)
        return Error(ErrorCode::ImageCorrupt, "the frame is truncated");
    try {
        decoder.decode(entry, frame, raw);
    } catch (const Error& fault) {
        return fault;
    }
    return std::nullopt;
}

} // namespace

void checkBlocks(const ByteSource& blocks, const Manifest& manifest,
                 const std::function<void(std::uint64_t, std::uint64_t)>& onProgress,
                 const model::Deadline& deadline)
{
    BlockDecoder decoder;
    std::vector<std::byte> raw(kBlockBytes);
    std::optional<Error> first;
    std::size_t firstAt = 0;
    std::size_t wrong = 0;
    std::uint64_t done = 0;
    for (std::size_t i = 0; i < manifest.blocks.size(); ++i) {
        throwIfOver(deadline);
        const std::uint64_t length = manifest.rawLength(i);
        if (const auto fault = faultOf(blocks, manifest.blocks[i], decoder, std::span(raw).first(length))) {
            firstAt = first ? firstAt : i;
            first = first ? first : fault;
            ++wrong;
        }
        done += length;
        if (onProgress)
            onProgress(done, manifest.sizeBytes);
    }
    if (first)
        throw Error(first->code(),
                    fmt::format("{} of {} blocks are damaged, the first is block {}: {}", wrong,
                                manifest.blocks.size(), firstAt, first->message()),
                    "add the image again from its source; check the store's disk (dmesg, smartctl)");
}

} // namespace bm::images

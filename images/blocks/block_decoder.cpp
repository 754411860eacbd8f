#include "images/blocks/block_decoder.h"

#include "common/model/error.h"
#include "common/text/text.h"
#include "images/blocks/digest.h"

#include <cstring>
#include <fmt/format.h>
#include <zstd.h>

namespace bm::images {

using model::Error;
using model::ErrorCode;

struct BlockDecoder::State {
    struct Closer {
        void operator()(ZSTD_DCtx* held) const { ZSTD_freeDCtx(held); }
    };
    std::unique_ptr<ZSTD_DCtx, Closer> context{ZSTD_createDCtx()};
};

BlockDecoder::BlockDecoder() : state_(std::make_unique<State>())
{
    BM_ASSERT(state_->context != nullptr);
}
BlockDecoder::~BlockDecoder() = default;
BlockDecoder::BlockDecoder(BlockDecoder&&) noexcept = default;
BlockDecoder& BlockDecoder::operator=(BlockDecoder&&) noexcept = default;

void BlockDecoder::decode(const BlockEntry& entry, std::span<const std::byte> frame, std::span<std::byte> raw)
{
    if (frame.size() != entry.length)
        throw Error(ErrorCode::ImageCorrupt, fmt::format("a frame has {} bytes, but the manifest says {}",
                                                         frame.size(), entry.length));
    decodeAny(entry, frame, raw);
}

void BlockDecoder::decodeAny(const BlockEntry& entry, std::span<const std::byte> frame,
                             std::span<std::byte> raw)
{
    // ZSTD_decompressDCtx stops at the size of the output buffer. So a frame that expands further is an
    // error.
    const std::size_t length =
        ZSTD_decompressDCtx(state_->context.get(), raw.data(), raw.size(), frame.data(), frame.size());
    if (ZSTD_isError(length) != 0U)
        throw Error(ErrorCode::ImageCorrupt,
                    fmt::format("broken frame at {}: {}", entry.offset, ZSTD_getErrorName(length)));
    if (length != raw.size())
        throw Error(ErrorCode::ImageCorrupt,
                    fmt::format("the frame at {} holds {} bytes, but its block has {}", entry.offset, length,
                                raw.size()));
    if (const Sha256 found = sha256(raw); found != entry.sha256)
        throw Error(ErrorCode::ChecksumMismatch,
                    fmt::format("the block of the frame at {} has SHA-256 {}, the manifest says {}",
                                entry.offset, text::toHex(found), text::toHex(entry.sha256)));
}

bool isAllZero(std::span<const std::byte> bytes)
{
    // Compares the buffer with itself, shifted by one word: memcmp is vectorised and stops early on random
    // data.
    constexpr std::size_t kWord = 16;
    if (bytes.size() < kWord) {
        for (const std::byte byte : bytes)
            if (byte != std::byte{0})
                return false;
        return true;
    }
    return isAllZero(bytes.first(kWord - 1)) && bytes[kWord - 1] == std::byte{0} &&
           std::memcmp(bytes.data(), bytes.data() + kWord, bytes.size() - kWord) == 0;
}

} // namespace bm::images

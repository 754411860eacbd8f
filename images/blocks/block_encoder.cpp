#include "images/blocks/block_encoder.h"

#include "common/model/error.h"

#include <zstd.h>

namespace bm::images {

using model::Error;
using model::ErrorCode;

struct BlockEncoder::State {
    explicit State(int wanted) : context(ZSTD_createCCtx()), level(wanted) {}
    ~State() { ZSTD_freeCCtx(context); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ZSTD_CCtx* context;
    int level;
};

BlockEncoder::BlockEncoder(int level) : state_(std::make_unique<State>(level)) {}
BlockEncoder::~BlockEncoder() = default;

std::size_t BlockEncoder::bound(std::size_t rawBytes)
{
    return ZSTD_compressBound(rawBytes);
}

std::size_t BlockEncoder::encode(std::span<const std::byte> raw, std::span<std::byte> frame)
{
    const std::size_t length =
        ZSTD_compressCCtx(state_->context, frame.data(), frame.size(), raw.data(), raw.size(), state_->level);
    if (ZSTD_isError(length) != 0)
        throw Error(ErrorCode::Internal, std::string("zstd: ") + ZSTD_getErrorName(length));
    return length;
}

} // namespace bm::images

#pragma once
#include <cstddef>
#include <memory>
#include <span>

namespace bm::images {

/// Compresses one raw block into a zstd frame. The frame may differ from the frame in the image's file; any
/// decoder restores the same block. Holds a compression context; use one per thread.
class BlockEncoder {
public:
    explicit BlockEncoder(int level);
    ~BlockEncoder();
    BlockEncoder(const BlockEncoder&) = delete;
    BlockEncoder& operator=(const BlockEncoder&) = delete;
    /// The largest size of a frame for @p rawBytes.
    static std::size_t bound(std::size_t rawBytes);
    /// @param frame  at least bound(raw.size()) long
    /// @return bytes of @p frame used
    /// @throws Error Internal
    std::size_t encode(std::span<const std::byte> raw, std::span<std::byte> frame);

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace bm::images

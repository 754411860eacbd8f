#pragma once
#include <cstddef>
#include <memory>
#include <span>

namespace bm::images {

/// Makes a zstd frame of one raw block: not the bytes of the image's file, but what any decoder takes for the
/// block. Keeps a compression context; one per thread.
class BlockEncoder {
public:
    explicit BlockEncoder(int level);
    ~BlockEncoder();
    BlockEncoder(const BlockEncoder&) = delete;
    BlockEncoder& operator=(const BlockEncoder&) = delete;
    /// The longest frame of @p rawBytes.
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

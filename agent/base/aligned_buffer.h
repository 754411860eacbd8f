#pragma once
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <span>

namespace bm::agent {

/// Memory for O_DIRECT: it begins at a page boundary, and its size is a multiple of the page size.
class AlignedBuffer {
public:
    static constexpr std::size_t kAlignment = 4096;
    AlignedBuffer() = default;
    explicit AlignedBuffer(std::size_t size)
        : size_((size + kAlignment - 1) / kAlignment * kAlignment),
          bytes_(static_cast<std::byte*>(std::aligned_alloc(kAlignment, size_)))
    {
        if (!bytes_)
            throw std::bad_alloc();
    }
    std::span<std::byte> bytes() const { return {bytes_.get(), size_}; }
    std::span<std::byte> first(std::size_t count) const { return bytes().first(count); }
    std::size_t size() const { return size_; }

private:
    struct Free {
        void operator()(std::byte* bytes) const { std::free(bytes); }
    };
    std::size_t size_ = 0;
    std::unique_ptr<std::byte, Free> bytes_;
};

} // namespace bm::agent

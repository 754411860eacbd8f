#pragma once
#include "common/model/error.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace bm::images {

struct ByteRange {
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
    bool operator==(const ByteRange&) const = default;
};

/// Random access to bytes, for parsers: a file (SourceFile) or memory.
class ByteSource {
public:
    virtual ~ByteSource() = default;
    virtual std::uint64_t sizeBytes() const = 0;
    /// Up to @p count bytes from @p offset; fewer only at the end.
    virtual std::vector<std::byte> read(std::uint64_t offset, std::size_t count) const = 0;
};

/// Borrowed memory, for tests and fuzz targets.
class MemorySource final : public ByteSource {
public:
    explicit MemorySource(std::span<const std::byte> bytes) : bytes_(bytes) {}
    std::uint64_t sizeBytes() const override { return bytes_.size(); }
    std::vector<std::byte> read(std::uint64_t offset, std::size_t count) const override
    {
        if (offset >= bytes_.size())
            return {};
        const auto part = bytes_.subspan(offset, std::min<std::size_t>(count, bytes_.size() - offset));
        return {part.begin(), part.end()};
    }

private:
    std::span<const std::byte> bytes_;
};

} // namespace bm::images

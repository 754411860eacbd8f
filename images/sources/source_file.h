#pragma once
#include "common/platform/files.h"
#include "images/base/byte_source.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <vector>

namespace bm::images {

/// A regular file, read once from begin to end, with its holes.
class SourceFile final : public ByteSource {
public:
    /// @throws Error NotFound, InvalidInput (not a regular file), Internal
    explicit SourceFile(std::filesystem::path path);

    const std::filesystem::path& path() const { return path_; }
    int fd() const { return fd_.get(); }
    std::uint64_t sizeBytes() const override { return sizeBytes_; }
    /// Up to @p count bytes from @p offset; fewer only at the end of the file.
    std::vector<std::byte> read(std::uint64_t offset, std::size_t count) const override;
    /// Reads into a part of @p room from @p offset. @throws Error ImageCorrupt (the file shrank)
    std::size_t readSome(std::uint64_t offset, std::span<std::byte> room) const;

    struct Extent {
        std::uint64_t begin = 0;
        std::uint64_t end = 0;
    };
    /// The next extent of data at or after @p from; begin == end == sizeBytes() when only a hole follows.
    Extent nextData(std::uint64_t from) const;

private:
    std::filesystem::path path_;
    platform::Fd fd_;
    std::uint64_t sizeBytes_ = 0;
};

} // namespace bm::images

#pragma once
#include "images/base/byte_source.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bm::images {

/// True if the bytes begin like an ISO 9660 image.
bool looksLikeIso(std::span<const std::byte> head) noexcept;

/// Reads files of an ISO 9660 image (ECMA-119), by Rock Ridge's names where it has them. Follows only the
/// requested path, so that loops of folders do no harm. Checks every extent. Does not find multi-extent files
/// (4 GiB and more). Borrows its source.
class Iso9660 {
public:
    /// @throws Error ImageUnsupported (not such an image, other block size), ImageCorrupt (truncated)
    explicit Iso9660(const ByteSource& source);

    const std::string& volume() const { return volume_; }  ///< volume label, printable
    std::uint64_t sizeBytes() const { return sizeBytes_; } ///< from the volume descriptor
    /// The location of @p path ("casper/vmlinuz", case-insensitive); nullopt without such a file.
    /// @throws Error ImageCorrupt (the file reaches past the end, a folder is larger than 4 MiB)
    std::optional<ByteRange> find(std::string_view path) const;
    /// The content of a file; nullopt without such a file, or when it is larger than @p limitBytes.
    std::optional<std::string> text(std::string_view path, std::size_t limitBytes) const;

private:
    struct Entry {
        std::string name;
        ByteRange extent;
        bool directory = false;
        bool more = false; ///< continues in another extent
    };
    std::vector<Entry> entries(const ByteRange& directory) const;
    static std::optional<Entry> entryAt(std::span<const std::byte> record);
    void check(const ByteRange& extent, std::string_view what) const;

    const ByteSource& source_;
    std::string volume_;
    std::uint64_t sizeBytes_ = 0;
    ByteRange root_;
};

} // namespace bm::images

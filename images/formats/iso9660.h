#pragma once
#include "images/base/byte_source.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bm::images {

/// Whether the bytes begin as an ISO 9660 image does.
bool looksLikeIso(std::span<const std::byte> head) noexcept;

/// Files of an ISO 9660 image (ECMA-119), by Rock Ridge's names where it has them. Walks down the path that
/// is asked for and nothing else, so that no loop of folders leads anywhere; every extent is checked.
/// Multi-extent files (4 GiB and more) are not found. Borrows its source.
class Iso9660 {
public:
    /// @throws Error ImageUnsupported (no such image, other block size), ImageCorrupt (cut off)
    explicit Iso9660(const ByteSource& source);

    const std::string& volume() const { return volume_; }  ///< its label, printable
    std::uint64_t sizeBytes() const { return sizeBytes_; } ///< as the volume says
    /// Where @p path ("casper/vmlinuz", case not told apart) lies; nothing when there is no such file.
    /// @throws Error ImageCorrupt (it reaches past the end, a folder larger than 4 MiB)
    std::optional<ByteRange> find(std::string_view path) const;
    /// Its content, nothing when there is no such file or it is larger than @p limitBytes.
    std::optional<std::string> text(std::string_view path, std::size_t limitBytes) const;

private:
    struct Entry {
        std::string name;
        ByteRange extent;
        bool directory = false;
        bool more = false; ///< goes on in another extent
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

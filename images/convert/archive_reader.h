#pragma once
#include "images/blocks/digest.h"

#include <archive.h>
#include <archive_entry.h>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace bm::images {

struct ReadFreer {
    void operator()(archive* reader) const { archive_read_free(reader); }
};

/// Reads tar, cpio or zip through any compression that libarchive itself decompresses. Errors become Refusal.
class ArchiveReader {
public:
    ~ArchiveReader();
    ArchiveReader(ArchiveReader&& other) noexcept;
    ArchiveReader& operator=(ArchiveReader&&) = delete;
    ArchiveReader(const ArchiveReader&) = delete;
    ArchiveReader& operator=(const ArchiveReader&) = delete;
    /// @p fd: a regular file, borrowed; read from its begin.
    static ArchiveReader ofFile(int fd);
    /// Reads the archive inside the current entry of @p outer (a layer) and hashes its bytes. @p outer is
    /// borrowed.
    static ArchiveReader ofEntry(ArchiveReader& outer);

    /// The next header, valid until the next call; null at the end.
    archive_entry* next();
    /// Reads a piece of the entry's content and its offset in the file. @return false at the end
    bool readBlock(const void*& bytes, std::size_t& count, std::int64_t& offset);
    /// Reads the whole content of a small entry. @throws Refusal over @p limitBytes
    std::string readAll(std::size_t limitBytes);
    /// For a reader from ofEntry(): reads the rest of the entry. @return the SHA-256 of the whole entry
    std::string finishDigest();
    /// True if the archive is compressed.
    bool isCompressed() const;
    /// ARCHIVE_FORMAT_TAR, ARCHIVE_FORMAT_ZIP ...
    int format() const;

private:
    struct Nested;
    ArchiveReader();
    void open(int result);
    [[noreturn]] void refuse() const;

    std::unique_ptr<Nested> nested_; ///< declared first: reader_ reads through it
    std::unique_ptr<archive, ReadFreer> reader_;
};

} // namespace bm::images

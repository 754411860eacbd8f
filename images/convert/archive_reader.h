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

/// tar, cpio or zip through any compression that libarchive undoes by itself. Errors become Refusal.
class ArchiveReader {
public:
    ~ArchiveReader();
    ArchiveReader(ArchiveReader&& other) noexcept;
    ArchiveReader& operator=(ArchiveReader&&) = delete;
    ArchiveReader(const ArchiveReader&) = delete;
    ArchiveReader& operator=(const ArchiveReader&) = delete;
    /// @p fd: a regular file, read from its begin; borrowed.
    static ArchiveReader ofFile(int fd);
    /// The archive inside @p outer's entry at hand (a layer); @p outer is borrowed. Its bytes are hashed.
    static ArchiveReader ofEntry(ArchiveReader& outer);

    /// The next header, valid until the next call; null at the end.
    archive_entry* next();
    /// A piece of the entry's content and where in the file it belongs; false at its end.
    bool readBlock(const void*& bytes, std::size_t& count, std::int64_t& offset);
    /// The whole content of a small entry. @throws Refusal over @p limitBytes
    std::string readAll(std::size_t limitBytes);
    /// Of a reader ofEntry(): reads what is left of the entry and gives the SHA-256 of all of it.
    std::string finishDigest();
    /// Whether a filter was at work.
    bool isCompressed() const;
    /// ARCHIVE_FORMAT_TAR, ARCHIVE_FORMAT_ZIP ...
    int format() const;

private:
    struct Nested;
    ArchiveReader();
    void open(int result);
    [[noreturn]] void refuse() const;

    std::unique_ptr<Nested> nested_; ///< before what reads through it
    std::unique_ptr<archive, ReadFreer> reader_;
};

} // namespace bm::images

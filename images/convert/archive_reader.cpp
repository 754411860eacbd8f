#include "images/convert/archive_reader.h"

#include "images/convert/refusal.h"

#include <array>
#include <cerrno>
#include <unistd.h>

namespace bm::images {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{256} * 1024;

} // namespace

/// Source of the bytes of an entry in another archive.
struct ArchiveReader::Nested {
    archive* outer = nullptr;
    Digest digest{Digest::Kind::Bits256};
    std::array<std::byte, kPieceBytes> piece{};

    la_ssize_t read(const void** bytes)
    {
        const la_ssize_t count = archive_read_data(outer, piece.data(), piece.size());
        if (count > 0)
            digest.update(std::span(piece).first(static_cast<std::size_t>(count)));
        *bytes = piece.data();
        return count;
    }
    static la_ssize_t readCallback(archive* self, void* data, const void** bytes)
    {
        auto* nested = static_cast<Nested*>(data);
        const la_ssize_t count = nested->read(bytes);
        if (count < 0)
            archive_set_error(self, EIO, "%s", archive_error_string(nested->outer));
        return count;
    }
};

ArchiveReader::ArchiveReader() : reader_(archive_read_new())
{
    if (!reader_)
        throw Refusal(ConvertExit::NotStarted, "no memory");
    // A selection of libarchive's filters: some others run external programs.
    archive_read_support_filter_gzip(reader_.get());
    archive_read_support_filter_bzip2(reader_.get());
    archive_read_support_filter_xz(reader_.get());
    archive_read_support_filter_lzma(reader_.get());
    archive_read_support_filter_lzip(reader_.get());
    archive_read_support_filter_lz4(reader_.get());
    archive_read_support_filter_compress(reader_.get());
    archive_read_support_filter_zstd(reader_.get());
    archive_read_support_format_tar(reader_.get());
    archive_read_support_format_cpio(reader_.get());
    archive_read_support_format_zip(reader_.get());
    archive_read_support_format_empty(reader_.get());
}

ArchiveReader::~ArchiveReader() = default;
ArchiveReader::ArchiveReader(ArchiveReader&& other) noexcept = default;

ArchiveReader ArchiveReader::ofFile(int fd)
{
    ::lseek(fd, 0, SEEK_SET);
    ArchiveReader made;
    made.open(archive_read_open_fd(made.reader_.get(), fd, kPieceBytes));
    return made;
}

ArchiveReader ArchiveReader::ofEntry(ArchiveReader& outer)
{
    ArchiveReader made;
    made.nested_ = std::make_unique<Nested>();
    made.nested_->outer = outer.reader_.get();
    made.open(
        archive_read_open(made.reader_.get(), made.nested_.get(), nullptr, Nested::readCallback, nullptr));
    return made;
}

void ArchiveReader::refuse() const
{
    const char* text = archive_error_string(reader_.get());
    throw Refusal(ConvertExit::Corrupt, text != nullptr ? text : "broken archive");
}

void ArchiveReader::open(int result)
{
    if (result != ARCHIVE_OK)
        refuse();
}

archive_entry* ArchiveReader::next()
{
    archive_entry* entry = nullptr;
    const int found = archive_read_next_header(reader_.get(), &entry);
    if (found == ARCHIVE_EOF)
        return nullptr;
    // A warning reports lost data: an attribute, or a name that does not convert. The copy would be
    // incomplete.
    if (found != ARCHIVE_OK)
        refuse();
    return entry;
}

bool ArchiveReader::readBlock(const void*& bytes, std::size_t& count, std::int64_t& offset)
{
    const int found = archive_read_data_block(reader_.get(), &bytes, &count, &offset);
    if (found == ARCHIVE_EOF)
        return false;
    if (found != ARCHIVE_OK)
        refuse();
    return true;
}

std::string ArchiveReader::readAll(std::size_t limitBytes)
{
    std::string text;
    std::array<char, 16384> piece{};
    while (true) {
        const la_ssize_t count = archive_read_data(reader_.get(), piece.data(), piece.size());
        if (count < 0)
            refuse();
        if (count == 0)
            return text;
        text.append(piece.data(), static_cast<std::size_t>(count));
        if (text.size() > limitBytes)
            throw Refusal(ConvertExit::Unsupported, "a JSON document in the archive exceeds its size limit");
    }
}

std::string ArchiveReader::finishDigest()
{
    const void* ignored = nullptr;
    while (const la_ssize_t count = nested_->read(&ignored))
        if (count < 0)
            throw Refusal(ConvertExit::Corrupt, archive_error_string(nested_->outer));
    return nested_->digest.hex();
}

bool ArchiveReader::isCompressed() const
{
    return archive_filter_code(reader_.get(), 0) != ARCHIVE_FILTER_NONE;
}

int ArchiveReader::format() const
{
    return archive_format(reader_.get()) & ARCHIVE_FORMAT_BASE_MASK;
}

} // namespace bm::images

#include "images/convert/decompress.h"

#include <archive.h>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <unistd.h>
#include <vector>

namespace bm::images {
namespace {

struct Closer {
    void operator()(archive* reader) const { archive_read_free(reader); }
};
using Reader = std::unique_ptr<archive, Closer>;

constexpr std::size_t kPieceBytes = std::size_t{256} * 1024;

Reader makeReader()
{
    Reader reader(archive_read_new());
    if (reader == nullptr)
        return reader;
    archive_read_support_filter_gzip(reader.get());
    archive_read_support_filter_xz(reader.get());
    archive_read_support_filter_bzip2(reader.get());
    archive_read_support_filter_zstd(reader.get());
    archive_read_support_format_raw(reader.get());
    archive_read_support_format_empty(reader.get());
    return reader;
}

ConvertExit complain(archive* reader)
{
    const char* text = archive_error_string(reader);
    std::fprintf(stderr, "%s\n", text != nullptr ? text : "broken stream");
    return ConvertExit::Corrupt;
}

bool writeAll(const char* bytes, std::size_t count)
{
    while (count > 0) {
        const ssize_t some = ::write(STDOUT_FILENO, bytes, count);
        if (some < 0 && errno == EINTR)
            continue;
        if (some <= 0)
            return false;
        bytes += some;
        count -= static_cast<std::size_t>(some);
    }
    return true;
}

ConvertExit copyOut(archive* reader, std::uint64_t limitBytes)
{
    std::vector<char> piece(kPieceBytes);
    std::uint64_t total = 0;
    while (true) {
        const la_ssize_t count = archive_read_data(reader, piece.data(), piece.size());
        if (count < 0)
            return complain(reader);
        if (count == 0)
            return ConvertExit::Done;
        total += static_cast<std::uint64_t>(count);
        if (total > limitBytes)
            return ConvertExit::TooLarge;
        if (!writeAll(piece.data(), static_cast<std::size_t>(count))) {
            std::fprintf(stderr, "writing: %s\n", std::strerror(errno));
            return ConvertExit::WriteFailed;
        }
    }
}

} // namespace

ConvertExit decompress(std::uint64_t limitBytes)
{
    const Reader reader = makeReader();
    if (reader == nullptr)
        return ConvertExit::NotStarted;
    if (archive_read_open_fd(reader.get(), STDIN_FILENO, kPieceBytes) != ARCHIVE_OK)
        return complain(reader.get());
    archive_entry* entry = nullptr;
    const int found = archive_read_next_header(reader.get(), &entry);
    if (found == ARCHIVE_EOF)
        return ConvertExit::Done;
    if (found != ARCHIVE_OK)
        return complain(reader.get());
    return copyOut(reader.get(), limitBytes);
}

} // namespace bm::images

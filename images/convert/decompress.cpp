#include "images/convert/decompress.h"

#include "images/base/gunzip.h"

#include <archive.h>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
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
    archive_read_support_filter_xz(reader.get());
    archive_read_support_filter_bzip2(reader.get());
    archive_read_support_filter_zstd(reader.get());
    archive_read_support_filter_lz4(reader.get());
    archive_read_support_filter_lzma(reader.get());
    archive_read_support_filter_lzip(reader.get());
    archive_read_support_filter_compress(reader.get());
    archive_read_support_filter_lzop(
        reader.get()); // without liblzo2, libarchive runs the program lzop in the same sandbox
    archive_read_support_format_raw(reader.get());
    archive_read_support_format_empty(reader.get());
    return reader;
}

ConvertExit printError(archive* reader)
{
    const char* text = archive_error_string(reader);
    std::fprintf(stderr, "%s\n", text != nullptr ? text : "broken stream");
    return ConvertExit::Corrupt;
}

/// Counts the output and remembers why it stopped.
class Output {
public:
    explicit Output(std::uint64_t limitBytes) : left_(limitBytes) {}
    bool write(const char* bytes, std::size_t count)
    {
        if (count > left_)
            exit_ = ConvertExit::TooLarge;
        else if (!writeAll(bytes, count))
            exit_ = ConvertExit::WriteFailed;
        else
            left_ -= count;
        return exit_ == ConvertExit::Done;
    }
    ConvertExit exit() const { return exit_; }

private:
    static bool writeAll(const char* bytes, std::size_t count);

    std::uint64_t left_;
    ConvertExit exit_ = ConvertExit::Done;
};

bool Output::writeAll(const char* bytes, std::size_t count)
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

ConvertExit copyOut(archive* reader, Output& output)
{
    std::vector<char> piece(kPieceBytes);
    while (true) {
        const la_ssize_t count = archive_read_data(reader, piece.data(), piece.size());
        if (count < 0)
            return printError(reader);
        if (count == 0 || !output.write(piece.data(), static_cast<std::size_t>(count)))
            return output.exit();
    }
}

ConvertExit unarchive(Output& output)
{
    const Reader reader = makeReader();
    if (reader == nullptr)
        return ConvertExit::NotStarted;
    if (archive_read_open_fd(reader.get(), STDIN_FILENO, kPieceBytes) != ARCHIVE_OK)
        return printError(reader.get());
    archive_entry* entry = nullptr;
    const int found = archive_read_next_header(reader.get(), &entry);
    if (found == ARCHIVE_EOF)
        return ConvertExit::Done;
    if (found != ARCHIVE_OK)
        return printError(reader.get());
    return copyOut(reader.get(), output);
}

ConvertExit ungzip(Output& output)
{
    const auto read = [](std::span<unsigned char> room) -> std::ptrdiff_t {
        ssize_t count = -1;
        do
            count = ::read(STDIN_FILENO, room.data(), room.size());
        while (count < 0 && errno == EINTR);
        return count;
    };
    const auto write = [&output](std::span<const unsigned char> bytes) {
        return output.write(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    };
    const std::string failure = gunzip(read, write);
    if (failure.empty())
        return output.exit();
    std::fprintf(stderr, "%s\n", failure.c_str());
    return ConvertExit::Corrupt;
}

/// stdin is a file, so pread peeks at its first bytes.
bool isGzip()
{
    std::array<unsigned char, 2> magic{};
    return ::pread(STDIN_FILENO, magic.data(), magic.size(), 0) == 2 && magic[0] == 0x1f && magic[1] == 0x8b;
}

} // namespace

ConvertExit decompress(std::uint64_t limitBytes)
{
    Output output(limitBytes);
    const ConvertExit exit = isGzip() ? ungzip(output) : unarchive(output);
    if (exit == ConvertExit::WriteFailed)
        std::fprintf(stderr, "writing: %s\n", std::strerror(errno));
    return exit;
}

} // namespace bm::images

#include "images/convert/decompress.h"

#include "images/base/gunzip.h"

#include <algorithm>
#include <archive.h>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <sys/stat.h>
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

/// stdin is a file, so pread peeks at its first bytes.
bool beginsWith(std::string_view magic)
{
    std::array<char, 8> head{};
    return ::pread(STDIN_FILENO, head.data(), magic.size(), 0) == static_cast<ssize_t>(magic.size()) &&
           std::string_view(head.data(), magic.size()) == magic;
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

/// The length of stdin, which is a file, and of the zeros at its end.
struct Length {
    std::uint64_t bytes = 0;
    std::uint64_t zeros = 0;
};

Length measureInput()
{
    struct stat status {};
    if (::fstat(STDIN_FILENO, &status) != 0)
        return {};
    Length length{static_cast<std::uint64_t>(status.st_size), 0};
    std::vector<char> piece(kPieceBytes);
    for (std::uint64_t end = length.bytes; end > 0;) {
        const std::size_t count = std::min<std::uint64_t>(piece.size(), end);
        end -= count;
        if (::pread(STDIN_FILENO, piece.data(), count, static_cast<off_t>(end)) !=
            static_cast<ssize_t>(count))
            return {};
        const std::size_t last = std::string_view(piece.data(), count).find_last_not_of('\0');
        length.zeros += last == std::string_view::npos ? count : count - last - 1;
        if (last != std::string_view::npos)
            break;
    }
    return length;
}

void printIgnored(std::uint64_t bytes)
{
    if (bytes > 0)
        std::fprintf(stderr, "%s%llu bytes behind the end of the compressed data\n", kIgnoredNote.data(),
                     static_cast<unsigned long long>(bytes));
}

ssize_t readInput(void* into, std::size_t most)
{
    ssize_t count = -1;
    do
        count = ::read(STDIN_FILENO, into, most);
    while (count < 0 && errno == EINTR);
    return count;
}

/// Reads stdin up to a position.
struct BoundedInput {
    std::uint64_t left = 0;
    std::vector<char> piece = std::vector<char>(kPieceBytes);

    static la_ssize_t read(archive* self, void* data, const void** bytes)
    {
        auto* input = static_cast<BoundedInput*>(data);
        const ssize_t count =
            readInput(input->piece.data(), std::min<std::uint64_t>(input->piece.size(), input->left));
        if (count < 0)
            archive_set_error(self, errno, "reading failed");
        else
            input->left -= static_cast<std::uint64_t>(count);
        *bytes = input->piece.data();
        return count;
    }
};

/// An xz file ends in "YZ", so the zeros behind it are padding. libarchive takes only multiples of four of
/// them.
ConvertExit unarchive(Output& output)
{
    const Reader reader = makeReader();
    if (reader == nullptr)
        return ConvertExit::NotStarted;
    const Length length = measureInput();
    const std::uint64_t ignored = beginsWith("\xfd"
                                             "7zXZ")
                                      ? length.zeros
                                      : 0;
    BoundedInput input{.left = length.bytes - ignored};
    if (archive_read_open(reader.get(), &input, nullptr, BoundedInput::read, nullptr) != ARCHIVE_OK)
        return printError(reader.get());
    archive_entry* entry = nullptr;
    const int found = archive_read_next_header(reader.get(), &entry);
    if (found == ARCHIVE_EOF)
        return ConvertExit::Done;
    if (found != ARCHIVE_OK)
        return printError(reader.get());
    const ConvertExit exit = copyOut(reader.get(), output);
    constexpr std::uint64_t kPadding = 512;
    if (exit == ConvertExit::Done)
        printIgnored(ignored);
    else if (exit == ConvertExit::Corrupt && length.zeros >= kPadding)
        std::fprintf(stderr, "the file ends with %llu zero bytes, which its format does not allow\n",
                     static_cast<unsigned long long>(length.zeros));
    return exit;
}

ConvertExit ungzip(Output& output)
{
    const auto read = [](std::span<unsigned char> room) -> std::ptrdiff_t {
        return readInput(room.data(), room.size());
    };
    const auto write = [&output](std::span<const unsigned char> bytes) {
        return output.write(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    };
    const GunzipEnd end = gunzip(read, write);
    if (!end.failure.empty()) {
        std::fprintf(stderr, "%s\n", end.failure.c_str());
        return ConvertExit::Corrupt;
    }
    if (output.exit() == ConvertExit::Done)
        printIgnored(end.ignoredBytes);
    return output.exit();
}

} // namespace

ConvertExit decompress(std::uint64_t limitBytes)
{
    Output output(limitBytes);
    const ConvertExit exit = beginsWith("\x1f\x8b") ? ungzip(output) : unarchive(output);
    if (exit == ConvertExit::WriteFailed)
        std::fprintf(stderr, "writing: %s\n", std::strerror(errno));
    return exit;
}

} // namespace bm::images

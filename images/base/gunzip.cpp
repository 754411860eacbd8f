#include "images/base/gunzip.h"

#include <algorithm>
#include <vector>
#include <zlib.h>

namespace bm::images {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{256} * 1024;
constexpr int kGzipOnly = MAX_WBITS + 16;
constexpr std::uint64_t kMostForeign = std::uint64_t{1} << 20U;

/// zlib's decompression state and its input buffer.
class Inflater {
public:
    explicit Inflater(const ReadSome& read) : read_(read), in_(kPieceBytes), out_(kPieceBytes)
    {
        ready_ = inflateInit2(&stream_, kGzipOnly) == Z_OK;
    }
    ~Inflater() { inflateEnd(&stream_); }
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;

    GunzipEnd run(const WriteAll& write)
    {
        std::string failure = decompress(write);
        return {std::move(failure), ignored_};
    }

private:
    std::string decompress(const WriteAll& write)
    {
        if (!ready_)
            return "out of memory";
        while (true) {
            if (!refill())
                return "reading failed";
            if (stream_.avail_in == 0)
                return "the stream is truncated";
            stream_.next_out = out_.data();
            stream_.avail_out = static_cast<uInt>(out_.size());
            const int result = inflate(&stream_, Z_NO_FLUSH);
            const std::size_t count = out_.size() - stream_.avail_out;
            if (count > 0 && !write(std::span(out_).first(count)))
                return {};
            if (result == Z_STREAM_END) {
                if (std::string failure; !nextMember(failure))
                    return failure;
            } else if (result != Z_OK && result != Z_BUF_ERROR) {
                return stream_.msg != nullptr ? stream_.msg : "broken stream";
            }
        }
    }

    /// @return false when reading failed. avail_in is 0 only at the end of the file.
    bool refill()
    {
        if (stream_.avail_in > 0)
            return true;
        const std::ptrdiff_t count = read_(in_);
        stream_.next_in = in_.data();
        stream_.avail_in = count > 0 ? static_cast<uInt>(count) : 0;
        return count >= 0;
    }

    void skip(std::size_t count)
    {
        stream_.next_in += count;
        stream_.avail_in -= static_cast<uInt>(count);
        ignored_ += count;
    }

    /// @return true if another member follows. @p failure names an error, if any.
    bool nextMember(std::string& failure)
    {
        constexpr unsigned char kFirstOfMagic = 0x1f;
        bool readable = true;
        while ((readable = refill()) && stream_.avail_in > 0 && *stream_.next_in == 0)
            skip(1);
        if (!readable)
            failure = "reading failed";
        if (stream_.avail_in == 0)
            return false;
        if (*stream_.next_in != kFirstOfMagic) {
            skipForeign(failure);
            return false;
        }
        ignored_ = 0;
        if (inflateReset(&stream_) != Z_OK)
            failure = "broken stream";
        return failure.empty();
    }

    void skipForeign(std::string& failure)
    {
        const std::uint64_t zeros = ignored_;
        bool readable = true;
        while (failure.empty() && (readable = refill()) && stream_.avail_in > 0) {
            skip(stream_.avail_in);
            if (ignored_ - zeros > kMostForeign)
                failure = "more than 1 MiB of unknown bytes follow the end";
        }
        if (!readable)
            failure = "reading failed";
    }

    const ReadSome& read_;
    std::vector<unsigned char> in_;
    std::vector<unsigned char> out_;
    z_stream stream_{};
    std::uint64_t ignored_ = 0;
    bool ready_ = false;
};

} // namespace

GunzipEnd gunzip(const ReadSome& read, const WriteAll& write)
{
    return Inflater(read).run(write);
}

} // namespace bm::images

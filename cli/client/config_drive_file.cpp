#include "cli/client/config_drive_file.h"

#include "common/model/error.h"
#include "common/text/base64.h"
#include "common/text/drive_image.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <zlib.h>

namespace bm::cli {

using model::Error;
using model::ErrorCode;

namespace {

constexpr std::size_t kMostOfDrive = std::size_t{64} << 20U; // as bmd
constexpr int kGzip = MAX_WBITS + 16;
constexpr std::string_view kGzipMagic = "\x1f\x8b";

Error wrongDrive(const std::string& file, const std::string& what)
{
    return {
        ErrorCode::InvalidInput, file + ": " + what,
        "a config drive is an ISO 9660 or FAT image (genisoimage -V config-2 -R -J), as it is or gzipped; "
        "for its parts: --user-data, --meta-data, --ssh-key"};
}

void refuseSize(const std::string& file, std::size_t bytes)
{
    if (bytes > kMostOfDrive)
        throw Error(ErrorCode::InvalidInput, file + ": the config drive is larger than 64 MiB",
                    "keep large files out of it; let cloud-init fetch them");
}

z_stream streamOver(const std::string& bytes)
{
    z_stream stream{};
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast,cppcoreguidelines-pro-type-reinterpret-cast): zlib
    // reads it
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    return stream;
}

/// The first bytes of the image in @p packed, which has one or more members.
std::string unpacked(const std::string& packed, const std::string& file)
{
    z_stream stream = streamOver(packed);
    if (inflateInit2(&stream, kGzip) != Z_OK)
        throw std::bad_alloc();
    std::string image;
    std::array<Bytef, 65536> piece{};
    int result = Z_OK;
    while (result == Z_OK && image.size() <= kMostOfDrive) {
        stream.next_out = piece.data();
        stream.avail_out = piece.size();
        result = inflate(&stream, Z_NO_FLUSH);
        image.append(piece.begin(), piece.end() - stream.avail_out);
        const bool another = result == Z_STREAM_END && stream.avail_in > 1 && *stream.next_in == 0x1f;
        if (another)
            result = inflateReset(&stream);
    }
    inflateEnd(&stream);
    refuseSize(file, image.size());
    if (result != Z_STREAM_END)
        throw wrongDrive(file, "the gzipped config drive is damaged or truncated");
    return image;
}

std::string gzipped(const std::string& image)
{
    z_stream stream = streamOver(image);
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzip, MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        throw std::bad_alloc();
    std::string out(deflateBound(&stream, image.size()), '\0');
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): zlib's bytes
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

} // namespace

std::string configDriveOf(const std::string& bytes, const std::string& file)
{
    // no image is base64 by chance: it has bytes that are no letters
    const std::optional<std::string> decoded = text::fromBase64(bytes, " \t\r\n");
    const std::string& image = decoded ? *decoded : bytes;
    const bool isPacked = image.starts_with(kGzipMagic);
    refuseSize(file, image.size());
    const std::string drive = isPacked ? unpacked(image, file) : image;
    if (!text::isIso(drive) && !text::isFat(drive)) // what the agent writes
        throw wrongDrive(file, "not an ISO 9660 or FAT image");
    if (drive.size() < text::driveBytes(drive))
        throw wrongDrive(file, fmt::format("cut off: {} of {} bytes", drive.size(), text::driveBytes(drive)));
    return text::toBase64(isPacked ? image : gzipped(image));
}

} // namespace bm::cli

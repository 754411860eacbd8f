#include "images/store/config_drive.h"

#include "common/model/error.h"
#include "common/text/base64.h"
#include "common/text/drive_image.h"
#include "images/base/gunzip.h"

#include <algorithm>
#include <archive.h>
#include <archive_entry.h>
#include <cstring>
#include <fmt/format.h>
#include <optional>
#include <string_view>

namespace bm::images {
namespace {

using model::Error;
using model::ErrorCode;

constexpr std::size_t kUnpackedLimit = std::size_t{64} << 20U; // the limit that Ironic has for config drives
constexpr std::string_view kLabel = "config-2";
constexpr std::size_t kVolumeIdAt = 32768 + 40; // ECMA-119, 8.4.7
constexpr std::size_t kVolumeIdBytes = 32;
constexpr const char* kLineBreaks = " \t\r\n"; // base64(1) wraps lines

struct WriterCloser {
    void operator()(archive* writer) const { archive_write_free(writer); }
};
struct EntryCloser {
    void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};
using Writer = std::unique_ptr<archive, WriterCloser>;

void require(archive* writer, la_ssize_t result)
{
    if (result < ARCHIVE_OK)
        throw Error(ErrorCode::ConfigDriveFailed,
                    fmt::format("creating the config drive: {}", archive_error_string(writer)),
                    "check the free disk space in TMPDIR");
}

la_ssize_t appendTo(archive* /*writer*/, void* out, const void* bytes, std::size_t count)
{
    static_cast<std::string*>(out)->append(static_cast<const char*>(bytes), count);
    return static_cast<la_ssize_t>(count);
}

void addEntry(archive* writer, const std::string& path, unsigned type, const std::string& content)
{
    const std::unique_ptr<archive_entry, EntryCloser> entry(archive_entry_new());
    archive_entry_set_pathname(entry.get(), path.c_str());
    archive_entry_set_filetype(entry.get(), type);
    archive_entry_set_perm(entry.get(), type == AE_IFDIR ? 0755 : 0644);
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(content.size()));
    archive_entry_set_mtime(entry.get(), 0, 0);
    require(writer, archive_write_header(writer, entry.get()));
    if (!content.empty())
        require(writer, archive_write_data(writer, content.data(), content.size()));
}

/// Writes the label in lower case. ISO 9660 proper allows upper case only, and libarchive complies, but
/// cloud-init and Ironic expect "config-2".
void setLabel(std::string& image)
{
    BM_ASSERT(image.size() > kVolumeIdAt + kVolumeIdBytes);
    image.replace(kVolumeIdAt, kVolumeIdBytes, kVolumeIdBytes, ' ');
    image.replace(kVolumeIdAt, kLabel.size(), kLabel);
}

std::string decodeBase64(const std::string& text)
{
    std::optional<std::string> packed;
    if (text.size() <= 2 * kUnpackedLimit)
        packed = text::fromBase64(text, kLineBreaks);
    if (!packed || packed->empty())
        throw Error(ErrorCode::InvalidInput, "the config drive is not base64",
                    "give base64 of a gzipped ISO 9660 or VFAT image");
    return *packed;
}

std::string unpack(const std::string& packed)
{
    std::span<const unsigned char> left(reinterpret_cast<const unsigned char*>(packed.data()), packed.size());
    std::string out;
    bool tooLarge = false;
    const auto read = [&left](std::span<unsigned char> room) {
        const std::size_t count = std::min(room.size(), left.size());
        std::copy_n(left.begin(), count, room.begin());
        left = left.subspan(count);
        return static_cast<std::ptrdiff_t>(count);
    };
    const auto write = [&out, &tooLarge](std::span<const unsigned char> bytes) {
        tooLarge = out.size() + bytes.size() > kUnpackedLimit;
        out.append(reinterpret_cast<const char*>(bytes.data()), tooLarge ? 0 : bytes.size());
        return !tooLarge;
    };
    if (const std::string failure = gunzip(read, write).failure; !failure.empty())
        throw Error(ErrorCode::InvalidInput, "the config drive is not a gzipped image: " + failure,
                    "give base64 of a gzipped ISO 9660 or VFAT image");
    if (tooLarge)
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("the config drive is larger than {} bytes", kUnpackedLimit),
                    "keep large files out of it; let cloud-init fetch them");
    return out;
}

} // namespace

std::string makeConfigDrive(const ConfigDrive& drive)
{
    std::string image;
    const Writer writer(archive_write_new());
    archive* out = writer.get();
    require(out, archive_write_set_format_iso9660(out));
    require(out, archive_write_set_options(out, "volume-id=config-2,rockridge=useful,joliet,!zisofs"));
    require(out, archive_write_open(out, &image, nullptr, appendTo, nullptr));
    addEntry(out, "openstack", AE_IFDIR, {});
    addEntry(out, "openstack/latest", AE_IFDIR, {});
    addEntry(out, "openstack/latest/meta_data.json", AE_IFREG, drive.metaDataJson);
    if (!drive.userData.empty())
        addEntry(out, "openstack/latest/user_data", AE_IFREG, drive.userData);
    if (!drive.networkDataJson.empty())
        addEntry(out, "openstack/latest/network_data.json", AE_IFREG, drive.networkDataJson);
    if (!drive.vendorDataJson.empty())
        addEntry(out, "openstack/latest/vendor_data.json", AE_IFREG, drive.vendorDataJson);
    require(out, archive_write_close(out));
    setLabel(image);
    return image;
}

std::string decodeConfigDrive(const std::string& base64Gzip)
{
    std::string image = unpack(decodeBase64(base64Gzip));
    if (image.size() < text::driveBytes(image))
        throw Error(
            ErrorCode::InvalidInput,
            fmt::format("the config drive is cut off: {} of {} bytes", image.size(), text::driveBytes(image)),
            "build it again, and compare the sizes of the files");
    return image;
}

} // namespace bm::images

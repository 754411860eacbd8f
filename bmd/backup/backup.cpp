#include "bmd/backup/backup.h"

#include "bmd/backup/backup_archive.h"
#include "common/model/clock.h"
#include "common/model/error.h"
#include "common/platform/secrets.h"
#include "db/repositories/node_repository.h"
#include "db/repositories/repositories.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <set>

namespace bm::bmd {
namespace {

using model::Error;
using model::ErrorCode;
namespace fs = std::filesystem;

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kFingerprintDigits = 16;

/// A file that the destructor removes.
class TemporaryCopy {
public:
    explicit TemporaryCopy(fs::path path) : path_(std::move(path)) { remove(); }
    ~TemporaryCopy() { remove(); }
    TemporaryCopy(const TemporaryCopy&) = delete;
    TemporaryCopy& operator=(const TemporaryCopy&) = delete;
    const fs::path& path() const { return path_; }

private:
    void remove() const
    {
        std::error_code ignored;
        for (const char* suffix : {"", "-wal", "-shm"})
            fs::remove(path_.string() + suffix, ignored);
    }
    fs::path path_;
};

BackupManifest manifestOf(db::DatabaseView& copy, const BackupPlaces& places, bool withImages)
{
    BackupManifest manifest;
    manifest.bmdVersion = BM_VERSION;
    manifest.createdAt =
        fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                    fmt::gmtime(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now())));
    manifest.schema = copy.schema();
    manifest.keyFingerprint = keyFingerprint(places.secretKeyFile);
    manifest.nodes = db::NodeRepository{}.count(copy.tx());
    manifest.withImages = withImages;
    manifest.images = imagesWithBlocks(copy.tx());
    return manifest;
}

/// Adds the files of one image. @return false when the store lacks them
bool addImage(ArchiveWriter& archive, const BackupPlaces& places, const BackupImage& image,
              const BackupProgress& progress)
{
    for (const char* suffix : {".manifest", ".zst"}) {
        const std::string name = image.contentId + suffix;
        const fs::path file = places.images.folder / "objects" / name;
        if (!fs::exists(file))
            return false;
        archive.addFile(kImagesEntry + name, file, [&](std::uint64_t done, std::uint64_t total) {
            progress("image " + image.name, done, total);
        });
    }
    return true;
}

} // namespace

std::string keyFingerprint(const fs::path& keyFile)
{
    if (!fs::exists(keyFile))
        throw Error(ErrorCode::NotFound, fmt::format("there is no key file {}", keyFile.string()),
                    "bmd creates it at its first start; for a restore copy the old server's key there");
    const std::string key = platform::readFile(keyFile);
    if (key.size() != kKeyBytes)
        throw Error(
            ErrorCode::Conflict,
            fmt::format("{} has {} bytes: a key rotation is unfinished", keyFile.string(), key.size()),
            "finish it while bmd is stopped: bmd --rotate-key");
    return platform::sha256Hex("bm key fingerprint\n" + key).substr(0, kFingerprintDigits);
}

std::vector<BackupImage> imagesWithBlocks(db::Transaction& tx)
{
    std::vector<BackupImage> images;
    for (const model::Image& image : db::ImageRepository{}.all(tx))
        if (image.state == model::ImageState::Ready)
            images.push_back({image.name, image.contentId, image.manifestSha256,
                              static_cast<std::uint64_t>(image.storedBytes)});
    return images;
}

std::vector<std::string> missingFrom(const BackupPlaces& places, const std::vector<BackupImage>& images)
{
    std::vector<std::string> missing;
    if (!places.images.sources.s3.bucket.empty())
        return missing;
    for (const BackupImage& image : images)
        for (const char* suffix : {".manifest", ".zst"})
            if (!fs::exists(places.images.folder / "objects" / (image.contentId + suffix))) {
                missing.push_back(image.name);
                break;
            }
    return missing;
}

BackupResult writeBackup(const BackupPlaces& places, const fs::path& file, bool withImages,
                         const BackupProgress& progress)
{
    if (withImages && !places.images.sources.s3.bucket.empty())
        throw Error(ErrorCode::InvalidInput,
                    "the images are in the bucket " + places.images.sources.s3.bucket,
                    "omit --with-images; a restored bmd reads them from the bucket");
    ArchiveWriter archive(file);
    const TemporaryCopy copy(file.string() + ".database");
    db::DatabaseView(places.database)
        .engine()
        .copyTo(copy.path(),
                [&](std::uint64_t done, std::uint64_t total) { progress("database", done, total); });
    db::DatabaseView view({copy.path(), 1, true});
    BackupResult result{manifestOf(view, places, withImages), {}};
    archive.addText(kManifestEntry, toJson(result.manifest));
    archive.addFile(kDatabaseEntry, copy.path(), [](std::uint64_t, std::uint64_t) {});
    std::set<std::string> added; // images may share blocks
    for (const BackupImage& image : result.manifest.images)
        if (withImages && added.insert(image.contentId).second && !addImage(archive, places, image, progress))
            result.missingImages.push_back(image.name);
    if (!withImages)
        result.missingImages = missingFrom(places, result.manifest.images);
    archive.finish();
    return result;
}

} // namespace bm::bmd

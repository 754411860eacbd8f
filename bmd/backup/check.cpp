#include "bmd/backup/check.h"

#include "bmd/backup/backup.h"
#include "common/model/error.h"
#include "common/platform/exec.h"
#include "common/platform/secrets.h"
#include "images/store/image_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace bm::bmd {
namespace {

using model::Error;
using model::ErrorCode;
namespace fs = std::filesystem;

constexpr std::chrono::hours kHashDeadline{24};

void addLine(std::vector<CheckLine>& lines, bool good, std::string text, std::string hint = "")
{
    lines.push_back({good, std::move(text), good ? "" : std::move(hint)});
}

void checkStored(std::vector<CheckLine>& lines, db::Transaction& tx, const db::Engine& engine)
{
    const std::vector<std::string> problems = engine.problems(tx, db::CheckDepth::Whole);
    for (const std::string& problem : problems)
        addLine(lines, false, "database: " + problem,
                "restore the latest good backup: bmd db restore --help");
    if (problems.empty())
        addLine(lines, true, "database: pages, indexes and references are consistent");
}

void checkSecrets(std::vector<CheckLine>& lines, db::Transaction& tx, const db::Engine& engine,
                  const fs::path& keyFile)
{
    const db::SealedCount count = sealedValues(tx, engine, keyFile);
    addLine(lines, count.lost == 0,
            count.lost == 0 ? fmt::format("secrets: {} opens all {}", keyFile.string(), count.values)
                            : fmt::format("secrets: {} does not open {} of {}", keyFile.string(), count.lost,
                                          count.values),
            "restore the key file of that time, or enter the BMC passwords again: bm node set");
}

void checkImage(std::vector<CheckLine>& lines, const images::ImageStore& store, const BackupImage& image,
                const BackupProgress& progress)
{
    try {
        store.verify(
            image.contentId, image.manifestSha256,
            [&](std::uint64_t done, std::uint64_t total) { progress("image " + image.name, done, total); },
            model::Deadline::in(kHashDeadline));
        addLine(lines, true, fmt::format("image {}: every block matches its checksum", image.name));
    } catch (const Error& error) {
        addLine(lines, false, fmt::format("image {}: {}", image.name, error.message()),
                "add the image again: bm image add");
    }
}

void checkImages(std::vector<CheckLine>& lines, const BackupPlaces& places,
                 const std::vector<BackupImage>& images, bool hashImages, const BackupProgress& progress)
{
    const std::vector<std::string> missing = missingFrom(places, images);
    for (const std::string& name : missing)
        addLine(lines, false,
                fmt::format("image {}: the blocks are missing in {}", name, places.images.folder.string()),
                "restore the image store of that time, or add the image again: bm image add");
    if (missing.empty())
        addLine(lines, true, fmt::format("images: the blocks of all {} are in the store", images.size()));
    if (!hashImages)
        return;
    const std::unique_ptr<platform::Exec> exec = platform::makeExec();
    const images::ImageStore store(places.images, *exec);
    for (const BackupImage& image : images)
        if (std::find(missing.begin(), missing.end(), image.name) == missing.end())
            checkImage(lines, store, image, progress);
}

} // namespace

db::SealedCount sealedValues(db::Transaction& tx, const db::Engine& engine, const fs::path& keyFile)
{
    std::unique_ptr<platform::SecretBox> box;
    if (fs::exists(keyFile)) // SecretBox would create a missing key
        box = std::make_unique<platform::SecretBox>(keyFile);
    return db::countSealed(tx, engine,
                           [&](const std::string& sealed) { return box && box->hasKeyOf(sealed); });
}

std::vector<CheckLine> checkDatabase(const BackupPlaces& places, bool hashImages,
                                     const BackupProgress& progress)
{
    std::vector<CheckLine> lines;
    db::DatabaseView view(places.database);
    checkStored(lines, view.tx(), view.engine());
    checkSecrets(lines, view.tx(), view.engine(), places.secretKeyFile);
    checkImages(lines, places, imagesWithBlocks(view.tx()), hashImages, progress);
    return lines;
}

std::vector<CheckLine> checkBackup(const BackupPlaces& places, const fs::path& file, bool hashImages,
                                   const BackupProgress& progress)
{
    const platform::TemporaryFolder folder("bmd-check");
    BackupPlaces unpacked = places;
    unpacked.database = {folder.path() / "database", 1, true};
    unpacked.images.folder = folder.path() / "images";
    unpacked.images.sources.s3 = {};
    fs::create_directories(unpacked.images.folder / "objects");

    std::vector<CheckLine> lines;
    const BackupManifest manifest = unpackBackup(unpacked, file, progress);
    addLine(lines, true,
            fmt::format("backup: made at {} by bmd {}, schema {}, {} nodes, {} images{}", manifest.createdAt,
                        manifest.bmdVersion, manifest.schema, manifest.nodes, manifest.images.size(),
                        manifest.withImages ? " with their blocks" : ""));
    db::Database database = db::openDatabase(unpacked.database);
    database.read([&](db::Transaction& tx) {
        checkStored(lines, tx, database.engine());
        const fs::path& key = places.secretKeyFile;
        if (fs::exists(key) && keyFingerprint(key) == manifest.keyFingerprint)
            checkSecrets(lines, tx, database.engine(), key);
        else
            addLine(lines, false,
                    fmt::format("secrets: the key of this backup (fingerprint {}) is not {}",
                                manifest.keyFingerprint, places.secretKeyFile.string()),
                    "keep that key file apart from the backup; all BMC passwords are lost without it");
    });
    if (manifest.withImages)
        checkImages(lines, unpacked, manifest.images, hashImages, progress);
    return lines;
}

} // namespace bm::bmd

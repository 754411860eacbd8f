#include "bmd/backup/backup.h"
#include "bmd/backup/backup_archive.h"
#include "bmd/backup/check.h"
#include "bmd/backup/state_lock.h"
#include "common/model/error.h"
#include "common/platform/secrets.h"
#include "db/engine/integrity.h"
#include "db/engine/sealed_values.h"

#include <fmt/format.h>

namespace bm::bmd {
namespace {

using model::Error;
using model::ErrorCode;
namespace fs = std::filesystem;

constexpr std::size_t kMaxManifestBytes = std::size_t{64} << 20U;

/// The files that a restore has created. The destructor removes them unless keep() was called.
class CreatedFiles {
public:
    CreatedFiles() = default;
    ~CreatedFiles()
    {
        std::error_code ignored;
        for (const fs::path& file : files_)
            fs::remove(file, ignored);
    }
    CreatedFiles(const CreatedFiles&) = delete;
    CreatedFiles& operator=(const CreatedFiles&) = delete;
    void add(const fs::path& file) { files_.push_back(file); }
    void keep() { files_.clear(); }

private:
    std::vector<fs::path> files_;
};

void refuseUsed(const BackupPlaces& places, bool withImages)
{
    if (fs::exists(places.database.file))
        throw Error(ErrorCode::Conflict,
                    fmt::format("there is a database already: {}", places.database.file.string()),
                    "restore into an empty paths.state_dir, or stop bmd and move this database away with its "
                    "-wal file");
    const fs::path objects = places.images.folder / "objects";
    if (withImages && fs::exists(objects) && !fs::is_empty(objects))
        throw Error(ErrorCode::Conflict, fmt::format("there are images already in {}", objects.string()),
                    "move them away, or restore a backup without images and keep them");
}

void requireKey(const BackupPlaces& places, const BackupManifest& manifest, const RestoreOptions& options)
{
    if (options.withoutKey)
        return;
    if (!fs::exists(places.secretKeyFile))
        throw Error(
            ErrorCode::NotFound,
            fmt::format("the key of this backup (fingerprint {}) is missing: there is no file {}",
                        manifest.keyFingerprint, places.secretKeyFile.string()),
            "copy the old server's key file there (a backup does not contain it), owner bm, mode 0600; "
            "--without-key restores everything except the secrets");
    if (const std::string here = keyFingerprint(places.secretKeyFile); here != manifest.keyFingerprint)
        throw Error(
            ErrorCode::Conflict,
            fmt::format("{} is another key: its fingerprint is {}, but the backup needs {}",
                        places.secretKeyFile.string(), here, manifest.keyFingerprint),
            "copy the key file of the time of the backup there; --without-key restores everything except the "
            "secrets");
}

BackupManifest readManifest(ArchiveReader& archive, const fs::path& file)
{
    const std::optional<std::string> first = archive.next();
    if (!first || *first != kManifestEntry)
        throw Error(ErrorCode::InvalidInput,
                    file.string() + " is not a backup of bm: the first entry is unknown",
                    "use a file from bmd db backup");
    BackupManifest manifest = backupManifestFromJson(archive.text(kMaxManifestBytes), file.string());
    if (manifest.schema > db::newestSchema())
        throw Error(ErrorCode::Conflict,
                    fmt::format("{} has schema version {}, but this bmd supports versions up to {}",
                                file.string(), manifest.schema, db::newestSchema()),
                    "restore it with the version of bmd that wrote it, or a newer one");
    return manifest;
}

/// The target path of an entry. @throws Error InvalidInput when the manifest does not list the entry
fs::path targetOf(const std::string& entry, const BackupManifest& manifest, const BackupPlaces& places,
                  const fs::path& database)
{
    if (entry == kDatabaseEntry)
        return database;
    for (const BackupImage& image : manifest.images)
        for (const char* suffix : {".manifest", ".zst"})
            if (entry == kImagesEntry + image.contentId + suffix)
                return places.images.folder / "objects" / (image.contentId + suffix);
    throw Error(ErrorCode::InvalidInput,
                fmt::format("the backup contains an unexpected entry {}", entry.substr(0, 80)),
                "use another copy of the backup");
}

void makePrivateFolder(const fs::path& folder)
{
    if (fs::exists(folder))
        return;
    std::error_code failed;
    fs::create_directories(folder, failed);
    const platform::Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (failed || !fd)
        throw Error(ErrorCode::Internal, fmt::format("cannot create the folder {}", folder.string()),
                    "create it for bmd's user");
    platform::giveToOwner(fd.get(), folder);
}

/// Unpacks all entries after the manifest and adds the files to @p created.
void unpackEntries(ArchiveReader& archive, const fs::path& file, const BackupManifest& manifest,
                   const BackupPlaces& places, const fs::path& database, CreatedFiles& created,
                   const BackupProgress& progress)
{
    bool hasDatabase = false;
    while (const std::optional<std::string> entry = archive.next()) {
        const fs::path target = targetOf(*entry, manifest, places, database);
        created.add(target);
        hasDatabase = hasDatabase || target == database;
        archive.extract(target,
                        [&](std::uint64_t done, std::uint64_t total) { progress(*entry, done, total); });
    }
    if (!hasDatabase)
        throw Error(ErrorCode::InvalidInput, file.string() + " is truncated: it contains no database",
                    "use another copy of the backup");
}

/// Checks the restored database and counts its secrets. @throws Error InvalidInput when it is damaged
void examineRestored(const BackupPlaces& places, const fs::path& database, RestoreResult& result)
{
    const auto damaged = [](const std::string& why) {
        return Error(ErrorCode::InvalidInput, "the database in the backup is damaged: " + why,
                     "use another copy of the backup, or an older one");
    };
    try {
        db::Database restored = db::openDatabase({database, 1, true});
        const std::vector<std::string> problems = integrityProblems(restored, db::CheckDepth::Whole);
        if (!problems.empty())
            throw damaged(problems.front());
        const db::SealedCount count = restored.read(
            [&](db::Transaction& tx) { return sealedValues(tx, restored.engine(), places.secretKeyFile); });
        result.secrets = count.values;
        result.lostSecrets = count.lost;
    } catch (const Error& error) {
        if (error.code() != ErrorCode::Internal)
            throw;
        throw damaged(error.message()); // the engine cannot read it
    }
}

} // namespace

BackupManifest unpackBackup(const BackupPlaces& places, const fs::path& file, const BackupProgress& progress)
{
    ArchiveReader archive(file);
    BackupManifest manifest = readManifest(archive, file);
    CreatedFiles created;
    unpackEntries(archive, file, manifest, places, places.database.file, created, progress);
    created.keep();
    return manifest;
}

RestoreResult restoreBackup(const BackupPlaces& places, const fs::path& file, const RestoreOptions& options,
                            const BackupProgress& progress)
{
    ArchiveReader archive(file);
    RestoreResult result{readManifest(archive, file), 0, 0, {}};
    refuseUsed(places, result.manifest.withImages);
    requireKey(places, result.manifest, options);
    makePrivateFolder(places.database.file.parent_path());
    makePrivateFolder(places.images.folder);
    const StateLock lock(places); // also where the database file of a running bmd was moved
    makePrivateFolder(places.images.folder / "objects");
    const fs::path database = places.database.file.string() + ".restoring";
    std::error_code ignored;
    fs::remove(database, ignored); // the remains of a killed restore
    CreatedFiles created;
    unpackEntries(archive, file, result.manifest, places, database, created, progress);
    created.add(database.string() + "-wal"); // remains when the database cannot be opened
    created.add(database.string() + "-shm");
    examineRestored(places, database, result);
    result.missingImages = missingFrom(places, result.manifest.images);
    std::error_code failed;
    fs::create_hard_link(database, places.database.file, failed); // unlike rename(), it never replaces a file
    if (failed)
        throw Error(ErrorCode::Conflict,
                    fmt::format("cannot create {}: {}", places.database.file.string(), failed.message()),
                    "stop the bmd that has started there, and restore again");
    fs::remove(database, ignored);
    created.keep();
    return result;
}

} // namespace bm::bmd

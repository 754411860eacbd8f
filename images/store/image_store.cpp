#include "images/store/image_store.h"

#include "common/model/error.h"
#include "common/model/ids.h"
#include "common/model/image.h"
#include "common/platform/log.h"
#include "common/text/text.h"
#include "images/base/disk_space.h"
#include "images/blocks/digest.h"
#include "images/blocks/manifest.h"
#include "images/sources/s3_mirror.h"
#include "images/sources/source_file.h"
#include "images/store/block_check.h"
#include "images/store/boot_parts.h"
#include "images/store/importer.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>
#include <unistd.h>

namespace bm::images {
namespace {

using model::Error;
using model::ErrorCode;

constexpr std::size_t kManifestLimit = std::size_t{1} << 30U; // enough for an image of 20 TiB

void syncFolder(const std::filesystem::path& folder)
{
    const platform::Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd || ::fsync(fd.get()) != 0)
        throwWriteFailed("syncing " + folder.string(), errno);
}

void makeFolder(const std::filesystem::path& folder)
{
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error)
        throwWriteFailed("creating " + folder.string(), error.value());
}

void moveInto(const std::filesystem::path& from, const std::filesystem::path& to)
{
    std::error_code error;
    std::filesystem::permissions(from, std::filesystem::perms{0644}, error);
    std::filesystem::rename(from, to, error);
    if (error)
        throwWriteFailed(fmt::format("moving {} to {}", from.string(), to.string()), error.value());
}

/// The folder of one import; the destructor deletes it.
class ImportFolder {
public:
    explicit ImportFolder(std::filesystem::path path) : path_(std::move(path)) { makeFolder(path_); }
    ~ImportFolder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    ImportFolder(const ImportFolder&) = delete;
    ImportFolder& operator=(const ImportFolder&) = delete;
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// Identifies this store among those that share a bucket: random, created once.
std::string storeId(const std::filesystem::path& folder)
{
    const std::filesystem::path file = folder / "store-id";
    if (!std::filesystem::exists(file))
        platform::writeFileAtomically(file, model::makeUuid());
    return platform::readFile(file);
}

constexpr std::chrono::minutes kBucketDeadline{5}; // to remove an object

} // namespace

struct ImageStore::State {
    explicit State(StoreSettings given) : settings(std::move(given)), captures(settings) {}

    std::filesystem::path objects() const { return settings.folder / "objects"; }
    std::filesystem::path incoming() const { return settings.folder / "incoming"; }
    std::filesystem::path object(const std::string& contentId, const char* suffix) const
    {
        if (!model::isContentId(contentId))
            throw Error(ErrorCode::InvalidInput, fmt::format("'{}' is not a content id", contentId));
        return objects() / (contentId + suffix);
    }
    void publish(const std::filesystem::path& blocks, const std::filesystem::path& manifest,
                 StoredImage& stored);
    bool present(StoredImage& stored) const;
    void erase(const std::string& contentId) const;
    /// The folder of boot files extracted from the image.
    std::filesystem::path bootFolder(const std::string& contentId) const
    {
        object(contentId, ""); // refuses an invalid content id
        return settings.folder / "boot" / contentId;
    }

    /// Calls @p act when the objects are in a bucket, after a publication or before a removal.
    void withMirror(const std::function<void(S3Mirror&)>& act) const
    {
        if (mirror)
            act(*mirror);
    }

    StoreSettings settings;
    CaptureStore captures;
    std::unique_ptr<S3Mirror> mirror;                      ///< null: objects are in the folder only
    std::mutex partsMutex;                                 ///< serialises partFile()
    std::mutex objectsMutex;                               ///< guards objects/ and @ref held
    std::map<std::string, std::weak_ptr<const void>> held; ///< by content id
};

/// True if the store has the same bytes, complete. Then sets @p stored to the existing image.
bool ImageStore::State::present(StoredImage& stored) const
{
    try {
        const std::string text = platform::readFile(object(stored.contentId, ".manifest"), kManifestLimit);
        const Manifest manifest = parseManifest(std::as_bytes(std::span(text)));
        if (manifest.contentId() != stored.contentId ||
            std::filesystem::file_size(object(stored.contentId, ".zst")) != manifest.storedBytes)
            return false;
        stored.manifestSha256 = text::toHex(sha256(std::as_bytes(std::span(text))));
        stored.storedBytes = manifest.storedBytes;
        return true;
    } catch (const Error& error) {
        if (error.code() != ErrorCode::NotFound)
            platform::logWarning("images", "{} is replaced: {}", stored.contentId, error.message());
        return false;
    } catch (const std::filesystem::filesystem_error&) {
        return false;
    }
}

void ImageStore::State::erase(const std::string& contentId) const
{
    std::error_code error;
    std::filesystem::remove_all(bootFolder(contentId), error);
    for (const char* suffix : {".manifest", ".damaged", ".zst"}) {
        std::filesystem::remove(object(contentId, suffix), error);
        if (error)
            throwWriteFailed("removing " + contentId, error.value());
    }
    withMirror([&](S3Mirror& bucket) { bucket.release(contentId); });
}

/// Writes the manifest last: an image with a manifest is complete.
void ImageStore::State::publish(const std::filesystem::path& blocks, const std::filesystem::path& manifest,
                                StoredImage& stored)
{
    const std::scoped_lock lock(objectsMutex);
    stored.hold = held[stored.contentId].lock();
    if (!stored.hold)
        held[stored.contentId] = stored.hold = std::make_shared<const char>('\0');
    if (present(stored))
        return;
    std::error_code ignored;
    std::filesystem::remove(object(stored.contentId, ".manifest"), ignored);
    moveInto(blocks, object(stored.contentId, ".zst"));
    syncFolder(objects());
    std::filesystem::remove(object(stored.contentId, ".damaged"), ignored);
    moveInto(manifest, object(stored.contentId, ".manifest"));
    syncFolder(objects());
}

ImageStore::ImageStore(StoreSettings settings, platform::Exec& /*exec: runChild() also reads the output*/)
    : state_(std::make_unique<State>(std::move(settings)))
{
    makeFolder(state_->objects());
    makeFolder(state_->incoming());
    if (const S3Settings& s3 = state_->settings.sources.s3; !s3.bucket.empty())
        state_->mirror = std::make_unique<S3Mirror>(
            s3,
            platform::Reach(state_->settings.sources.outgoing, platform::Asker::System)
                .configuredAt(s3.endpoint),
            state_->objects(), state_->incoming(), storeId(state_->settings.folder));
}

ImageStore::~ImageStore() = default;

StoredImage ImageStore::import(const ImportRequest& request,
                               const std::function<void(const ImportProgress&)>& onProgress,
                               const model::Deadline& deadline)
{
    const ImportFolder folder(state_->incoming() / model::makeUuid());
    Importer importer(state_->settings, folder.path(), onProgress, deadline);
    StoredImage stored = importer.run(request);
    state_->publish(importer.blocksFile(), importer.manifestFile(), stored);
    state_->withMirror([&](S3Mirror& mirror) { mirror.put(stored.contentId, deadline); });
    return stored;
}

StoredImage ImageStore::adopt(const std::filesystem::path& blocks, const std::string& manifest,
                              const std::function<void(std::uint64_t, std::uint64_t)>& onProgress,
                              const model::Deadline& deadline)
{
    const ImportFolder folder(state_->incoming() / model::makeUuid());
    const Manifest parsed = parseManifest(std::as_bytes(std::span(manifest)));
    if (parsed.sizeBytes > state_->settings.maxImageBytes)
        throw Error(ErrorCode::ImageTooLarge,
                    fmt::format("the image has {} bytes, but the limit is {}", parsed.sizeBytes,
                                state_->settings.maxImageBytes),
                    "raise the limit (bmd --print-config)");
    {
        const SourceFile source(blocks);
        if (source.sizeBytes() != parsed.storedBytes)
            throw Error(ErrorCode::ImageCorrupt,
                        fmt::format("the blocks have {} bytes, but the manifest says {}", source.sizeBytes(),
                                    parsed.storedBytes),
                        "fetch it again");
        checkBlocks(source, parsed, onProgress, deadline);
        if (::fsync(source.fd()) != 0)
            throwWriteFailed("syncing the blocks", errno);
    }
    const std::filesystem::path manifestFile = folder.path() / "manifest";
    platform::writeFileAtomically(manifestFile, manifest);
    StoredImage stored;
    stored.contentId = parsed.contentId();
    stored.manifestSha256 = text::toHex(sha256(std::as_bytes(std::span(manifest))));
    stored.sizeBytes = parsed.sizeBytes;
    stored.storedBytes = parsed.storedBytes;
    stored.dataBytes = parsed.dataBytes();
    state_->publish(blocks, manifestFile, stored);
    state_->withMirror([&](S3Mirror& mirror) { mirror.put(stored.contentId, deadline); });
    return stored;
}

void ImageStore::verify(const std::string& contentId, const std::string& manifestSha256,
                        const std::function<void(std::uint64_t, std::uint64_t)>& onProgress,
                        const model::Deadline& deadline) const
{
    std::filesystem::path blocksPath = blocksFile(contentId);
    std::filesystem::path manifestPath = manifestFile(contentId);
    std::optional<ImportFolder> fetched;
    state_->withMirror([&](S3Mirror& bucket) { // verify the bucket's object, not the local copy
        fetched.emplace(state_->incoming() / model::makeUuid());
        blocksPath = fetched->path() / "blocks.zst";
        manifestPath = fetched->path() / "manifest";
        bucket.fetch(contentId, blocksPath, manifestPath, deadline);
    });
    const std::string text = platform::readFile(manifestPath, kManifestLimit);
    if (!manifestSha256.empty() && text::toHex(sha256(std::as_bytes(std::span(text)))) != manifestSha256)
        throw Error(ErrorCode::ChecksumMismatch, "the manifest differs from the stored one",
                    "add the image again from its source");
    const Manifest manifest = parseManifest(std::as_bytes(std::span(text)));
    if (manifest.contentId() != contentId)
        throw Error(ErrorCode::ChecksumMismatch, "the manifest belongs to another image",
                    "add the image again from its source");
    const SourceFile blocks(blocksPath);
    if (blocks.sizeBytes() != manifest.storedBytes)
        throw Error(ErrorCode::ImageCorrupt,
                    fmt::format("the blocks have {} bytes, but the manifest says {}", blocks.sizeBytes(),
                                manifest.storedBytes),
                    "add the image again from its source");
    checkBlocks(blocks, manifest, onProgress, deadline);
}

StoredImage ImageStore::adoptCapture(const std::string& captureId, const model::Deadline& deadline)
{
    const CaptureStore::Files whole = state_->captures.finish(captureId);
    const std::string text = platform::readFile(whole.manifestFile, kManifestLimit);
    const Manifest manifest = parseManifest(std::as_bytes(std::span(text)));
    StoredImage stored;
    stored.contentId = manifest.contentId();
    stored.manifestSha256 = text::toHex(sha256(std::as_bytes(std::span(text))));
    stored.sourceFormat = "capture";
    stored.sizeBytes = manifest.sizeBytes;
    stored.storedBytes = manifest.storedBytes;
    stored.dataBytes = manifest.dataBytes();
    // Publishes hard links: after a crash before the catalogue's write, the capture is still complete.
    const ImportFolder folder(state_->incoming() / model::makeUuid());
    std::filesystem::create_hard_link(whole.blocksFile, folder.path() / "blocks.zst");
    std::filesystem::create_hard_link(whole.manifestFile, folder.path() / "manifest");
    state_->publish(folder.path() / "blocks.zst", folder.path() / "manifest", stored);
    state_->withMirror([&](S3Mirror& mirror) { mirror.put(stored.contentId, deadline); });
    return stored;
}

CaptureStore& ImageStore::captures()
{
    return state_->captures;
}

void ImageStore::checkFreeSpace(std::uint64_t bytes) const
{
    images::checkFreeSpace(state_->settings.folder, state_->settings.reserveBytes, bytes);
}

bool ImageStore::makeLocal(const std::string& contentId)
{
    std::error_code ignored;
    return state_->mirror ? state_->mirror->request(contentId)
                          : std::filesystem::exists(manifestFile(contentId), ignored);
}

std::filesystem::path ImageStore::blocksFile(const std::string& contentId) const
{
    return state_->object(contentId, ".zst");
}

std::filesystem::path ImageStore::manifestFile(const std::string& contentId) const
{
    return state_->object(contentId, ".manifest");
}

void ImageStore::markDamaged(const std::string& contentId)
{
    state_->withMirror(
        [&](S3Mirror& bucket) { bucket.withdraw(contentId, model::Deadline::in(kBucketDeadline)); });
    const std::scoped_lock lock(state_->objectsMutex);
    std::error_code ignored;
    std::filesystem::rename(state_->object(contentId, ".manifest"), state_->object(contentId, ".damaged"),
                            ignored);
    std::filesystem::remove_all(state_->bootFolder(contentId), ignored);
}

std::filesystem::path ImageStore::partFile(const std::string& contentId, const std::vector<ByteRange>& parts,
                                           const model::Deadline& deadline)
{
    std::filesystem::path file = state_->bootFolder(contentId) / partsName(parts);
    std::error_code ignored;
    if (std::filesystem::exists(file, ignored))
        return file;
    const std::scoped_lock lock(state_->partsMutex);
    if (std::filesystem::exists(file, ignored)) // another thread made it
        return file;
    const std::string text = platform::readFile(manifestFile(contentId), kManifestLimit);
    const Manifest manifest = parseManifest(std::as_bytes(std::span(text)));
    checkFreeSpace(bytesOf(parts));
    const ImportFolder folder(state_->incoming() / model::makeUuid());
    const std::filesystem::path made = folder.path() / "part";
    writeParts(SourceFile(blocksFile(contentId)), manifest, parts, made, deadline);
    makeFolder(file.parent_path());
    moveInto(made, file);
    syncFolder(file.parent_path());
    return file;
}

void ImageStore::unpackCapture(const std::string& captureId, const std::filesystem::path& file,
                               const model::Deadline& deadline)
{
    const CaptureStore::Files whole = captures().finish(captureId);
    const std::string text = platform::readFile(whole.manifestFile, kManifestLimit);
    const Manifest manifest = parseManifest(std::as_bytes(std::span(text)));
    std::error_code ignored;
    std::filesystem::remove(file, ignored); // the remains of an earlier process
    checkFreeSpace(manifest.sizeBytes);
    writeParts(SourceFile(whole.blocksFile), manifest, {{0, manifest.sizeBytes}}, file, deadline);
}

const StoreSettings& ImageStore::settings() const
{
    return state_->settings;
}

std::filesystem::path ImageStore::incomingFolder() const
{
    return state_->incoming();
}

void ImageStore::remove(const std::string& contentId)
{
    const std::scoped_lock lock(state_->objectsMutex);
    state_->erase(contentId);
}

bool ImageStore::collect(const std::string& contentId)
{
    const std::scoped_lock lock(state_->objectsMutex);
    if (const auto found = state_->held.find(contentId); found != state_->held.end()) {
        if (!found->second.expired())
            return false;
        state_->held.erase(found);
    }
    state_->erase(contentId);
    return true;
}

std::vector<std::string> ImageStore::contents() const
{
    std::vector<std::string> ids;
    for (const std::filesystem::directory_entry& entry :
         std::filesystem::directory_iterator(state_->objects()))
        if (const std::string id = entry.path().stem().string();
            entry.path().extension() == ".manifest" && model::isContentId(id))
            ids.push_back(id);
    return ids;
}

void ImageStore::sweep(const std::vector<std::string>& kept)
{
    const auto isKept = [&kept](const std::string& name) {
        return std::ranges::any_of(kept,
                                   [&name](const std::string& begin) { return name.starts_with(begin); });
    };
    const std::scoped_lock lock(state_->objectsMutex);
    std::error_code ignored;
    for (const std::filesystem::directory_entry& entry :
         std::filesystem::directory_iterator(state_->incoming()))
        if (!isKept(entry.path().filename().string()))
            std::filesystem::remove_all(entry.path(), ignored);
    for (const std::filesystem::directory_entry& entry :
         std::filesystem::directory_iterator(state_->objects())) {
        const std::filesystem::path& path = entry.path();
        if (path.extension() != ".zst")
            continue;
        std::filesystem::path manifest = path;
        if (std::filesystem::exists(manifest.replace_extension(".manifest"), ignored))
            continue;
        std::filesystem::remove(path, ignored);
        std::filesystem::remove(manifest.replace_extension(".damaged"), ignored);
    }
    for (const std::filesystem::directory_entry& entry :
         std::filesystem::directory_iterator(state_->settings.folder / "boot", ignored))
        if (!std::filesystem::exists(state_->objects() / (entry.path().filename().string() + ".manifest"),
                                     ignored))
            std::filesystem::remove_all(entry.path(), ignored);
}

} // namespace bm::images

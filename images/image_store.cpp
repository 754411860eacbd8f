#include "images/image_store.h"

#include "common/model/error.h"
#include "common/model/ids.h"
#include "common/platform/log.h"
#include "images/blocks/digest.h"
#include "images/blocks/manifest.h"
#include "images/importer.h"
#include "images/room.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <mutex>
#include <optional>
#include <system_error>
#include <unistd.h>

namespace bm::images {
namespace {

using model::Error;
using model::ErrorCode;

constexpr std::size_t kManifestLimit = std::size_t{1} << 30U; // 20 TiB of image

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

/// A folder of one import, gone with all in it at the end.
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

bool isContentId(const std::string& text)
{
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

} // namespace

struct ImageStore::State {
    explicit State(StoreSettings given) : settings(std::move(given)) {}

    std::filesystem::path objects() const { return settings.folder / "objects"; }
    std::filesystem::path incoming() const { return settings.folder / "incoming"; }
    std::filesystem::path object(const std::string& contentId, const char* suffix) const
    {
        if (!isContentId(contentId))
            throw Error(ErrorCode::InvalidInput, fmt::format("'{}' is no content id", contentId));
        return objects() / (contentId + suffix);
    }
    void publish(const Importer& importer, StoredImage& stored);
    bool present(StoredImage& stored) const;

    StoreSettings settings;
    std::mutex objectsMutex; ///< over what is in objects/
};

/// Whether the same bytes are in the store already, whole; then @p stored becomes what is there.
bool ImageStore::State::present(StoredImage& stored) const
{
    try {
        const std::string text = platform::readFile(object(stored.contentId, ".manifest"), kManifestLimit);
        const Manifest manifest = parseManifest(std::as_bytes(std::span(text)));
        if (manifest.contentId() != stored.contentId ||
            std::filesystem::file_size(object(stored.contentId, ".zst")) != manifest.storedBytes)
            return false;
        stored.manifestSha256 = toHex(sha256(std::as_bytes(std::span(text))));
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

/// The manifest goes last: where it is, the image is whole.
void ImageStore::State::publish(const Importer& importer, StoredImage& stored)
{
    const std::scoped_lock lock(objectsMutex);
    if (present(stored))
        return;
    std::error_code ignored;
    std::filesystem::remove(object(stored.contentId, ".manifest"), ignored);
    moveInto(importer.blocksFile(), object(stored.contentId, ".zst"));
    syncFolder(objects());
    moveInto(importer.manifestFile(), object(stored.contentId, ".manifest"));
    syncFolder(objects());
}

ImageStore::ImageStore(StoreSettings settings, platform::Exec& /*exec: children need more than an end*/)
    : state_(std::make_unique<State>(std::move(settings)))
{
    makeFolder(state_->objects());
    makeFolder(state_->incoming());
}

ImageStore::~ImageStore() = default;

StoredImage ImageStore::import(const ImportRequest& request,
                               const std::function<void(const ImportProgress&)>& onProgress,
                               const model::Deadline& deadline)
{
    const ImportFolder folder(state_->incoming() / model::makeUuid());
    Importer importer(state_->settings, folder.path(), onProgress, deadline);
    StoredImage stored = importer.run(request);
    state_->publish(importer, stored);
    return stored;
}

void ImageStore::checkRoom(std::uint64_t bytes) const
{
    images::checkRoom(state_->settings.folder, state_->settings.reserveBytes, bytes);
}

std::filesystem::path ImageStore::blocksFile(const std::string& contentId) const
{
    return state_->object(contentId, ".zst");
}

std::filesystem::path ImageStore::manifestFile(const std::string& contentId) const
{
    return state_->object(contentId, ".manifest");
}

std::filesystem::path ImageStore::incomingFolder() const
{
    return state_->incoming();
}

void ImageStore::remove(const std::string& contentId)
{
    const std::scoped_lock lock(state_->objectsMutex);
    std::error_code error;
    for (const char* suffix : {".manifest", ".zst"}) {
        std::filesystem::remove(state_->object(contentId, suffix), error);
        if (error)
            throwWriteFailed("removing " + contentId, error.value());
    }
}

void ImageStore::sweep()
{
    const std::scoped_lock lock(state_->objectsMutex);
    std::error_code ignored;
    for (const std::filesystem::directory_entry& entry :
         std::filesystem::directory_iterator(state_->incoming()))
        std::filesystem::remove_all(entry.path(), ignored);
    for (const std::filesystem::directory_entry& entry :
         std::filesystem::directory_iterator(state_->objects())) {
        const std::filesystem::path& path = entry.path();
        if (path.extension() != ".zst")
            continue;
        std::filesystem::path manifest = path;
        if (!std::filesystem::exists(manifest.replace_extension(".manifest"), ignored))
            std::filesystem::remove(path, ignored);
    }
}

} // namespace bm::images

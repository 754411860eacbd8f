#pragma once
#include "common/model/deadline.h"
#include "common/platform/exec.h"
#include "images/base/byte_source.h"
#include "images/store/capture_store.h"
#include "images/store/config_drive.h"
#include "images/store/import_request.h"
#include "images/store/store_settings.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace bm::images {

/// The block store (images/blocks/manifest.h, docs/adr). Thread-safe; imports may run in parallel.
class ImageStore {
public:
    ImageStore(StoreSettings settings, platform::Exec& exec);
    ~ImageStore();
    /// Imports the source of @p request completely or not at all. Does not change the source file.
    /// @throws Error ImageUnsupported (backing file, external data file, unknown format, encrypted),
    /// ImageCorrupt (truncated, broken stream), ChecksumMismatch, ImageTooLarge, StoreFull, Aborted,
    /// DeadlineExceeded
    StoredImage import(const ImportRequest& request,
                       const std::function<void(const ImportProgress&)>& onProgress,
                       const model::Deadline& deadline);
    /// Adopts @p blocks, a file in the incoming folder, and its manifest from another store, completely or
    /// not at all. Verifies every block and removes the file.
    /// @throws Error ImageCorrupt, ChecksumMismatch, ImageTooLarge, Aborted, DeadlineExceeded
    StoredImage adopt(const std::filesystem::path& blocks, const std::string& manifest,
                      const std::function<void(std::uint64_t, std::uint64_t)>& onProgress,
                      const model::Deadline& deadline);
    /// Reads manifest and blocks of an image again. @param manifestSha256  the expected hash of the manifest
    /// @throws Error NotFound, ImageCorrupt, ChecksumMismatch, Aborted, DeadlineExceeded
    void verify(const std::string& contentId, const std::string& manifestSha256,
                const std::function<void(std::uint64_t, std::uint64_t)>& onProgress,
                const model::Deadline& deadline) const;
    /// Stores a complete capture as an image. The caller drops the capture afterwards.
    /// May be repeated. @throws Error NotFound, Conflict (blocks are missing), StoreFull
    StoredImage adoptCapture(const std::string& captureId, const model::Deadline& deadline);
    /// Writes the raw bytes of a complete capture to @p file, and replaces an existing file. Verifies every
    /// block. May be repeated.
    /// @throws Error NotFound, Conflict (blocks are missing), StoreFull, DeadlineExceeded
    void unpackCapture(const std::string& captureId, const std::filesystem::path& file,
                       const model::Deadline& deadline);
    CaptureStore& captures();
    /// Throws StoreFull when writing @p bytes would leave less free space than the reserve.
    void checkFreeSpace(std::uint64_t bytes) const;
    /// True if the image's objects are in the folder. When they are in a bucket, starts a download on the
    /// store's own thread and returns false until it is complete. @throws Error the failure of the last
    /// download
    bool makeLocal(const std::string& contentId);
    std::filesystem::path blocksFile(const std::string& contentId) const;
    std::filesystem::path manifestFile(const std::string& contentId) const;
    /// The folder for uploads and downloads in progress, on the store's file system. sweep() empties it.
    std::filesystem::path incomingFolder() const;
    /// The file of @p parts of the raw image, each padded with zeros to a multiple of four. Creates it at the
    /// first call and verifies every block. It is deleted with the image.
    /// @throws Error NotFound (not local), ImageCorrupt, ChecksumMismatch, StoreFull, DeadlineExceeded
    std::filesystem::path partFile(const std::string& contentId, const std::vector<ByteRange>& parts,
                                   const model::Deadline& deadline);
    void remove(const std::string& contentId);
    /// As remove(), unless a holder of StoredImage::hold still needs the objects of a recent import.
    /// @return true if the objects are deleted
    bool collect(const std::string& contentId);
    /// Marks an image as damaged: the store serves it no longer, and the next import of the same bytes
    /// replaces it.
    void markDamaged(const std::string& contentId);
    const StoreSettings& settings() const;
    /// Deletes partial files of an earlier process in incoming/, except files whose names begin with one of
    /// @p kept. Called at start, before any import.
    void sweep(const std::vector<std::string>& kept = {});
    /// The content ids of all stored objects.
    std::vector<std::string> contents() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace bm::images

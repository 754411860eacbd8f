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

/// The block store (docs/adr and images/blocks/manifest.h). Thread-safe; imports may run in parallel.
class ImageStore {
public:
    ImageStore(StoreSettings settings, platform::Exec& exec);
    ~ImageStore();
    /// Takes @p request into the store; whole or not at all. The source file is left alone.
    /// @throws Error ImageUnsupported (backing file, external data file, unknown format, encrypted),
    /// ImageCorrupt (truncated, broken stream), ChecksumMismatch, ImageTooLarge, StoreFull, Aborted,
    /// DeadlineExceeded
    StoredImage import(const ImportRequest& request,
                       const std::function<void(const ImportProgress&)>& onProgress,
                       const model::Deadline& deadline);
    /// Takes over @p blocks, a file in the incoming folder (gone afterwards), and its manifest from another
    /// store, every block verified; whole or not at all.
    /// @throws Error ImageCorrupt, ChecksumMismatch, ImageTooLarge, Aborted, DeadlineExceeded
    StoredImage adopt(const std::filesystem::path& blocks, const std::string& manifest,
                      const std::function<void(std::uint64_t, std::uint64_t)>& onProgress,
                      const model::Deadline& deadline);
    /// Re-reads manifest and every block of an image. @param manifestSha256  what the manifest must hash to
    /// @throws Error NotFound, ImageCorrupt, ChecksumMismatch, Aborted, DeadlineExceeded
    void verify(const std::string& contentId, const std::string& manifestSha256,
                const std::function<void(std::uint64_t, std::uint64_t)>& onProgress,
                const model::Deadline& deadline) const;
    /// Takes a capture whose blocks are all here into the store; the capture itself is left to be dropped.
    /// May be repeated. @throws Error NotFound, Conflict (blocks are missing), StoreFull
    StoredImage adoptCapture(const std::string& captureId, const model::Deadline& deadline);
    /// Writes the raw bytes of a capture whose blocks are all here to @p file, every block verified; anew
    /// where it is there. May be repeated.
    /// @throws Error NotFound, Conflict (blocks are missing), StoreFull, DeadlineExceeded
    void unpackCapture(const std::string& captureId, const std::filesystem::path& file,
                       const model::Deadline& deadline);
    CaptureStore& captures();
    /// Throws StoreFull when @p bytes more would leave less than the reserve.
    void checkRoom(std::uint64_t bytes) const;
    /// Whether the image's objects are in the folder. Where they are in a bucket, has them fetched, on a
    /// thread of the store's own, and says no until they are there. @throws Error why the last fetch failed
    bool makeLocal(const std::string& contentId);
    std::filesystem::path blocksFile(const std::string& contentId) const;
    std::filesystem::path manifestFile(const std::string& contentId) const;
    /// Where uploads and downloads are spooled; on the store's file system. Emptied by sweep().
    std::filesystem::path incomingFolder() const;
    /// A file that holds @p parts of the raw image, one after the other, each padded with zeros to a multiple
    /// of four; made where it is not there yet, every block verified. Goes with the image.
    /// @throws Error NotFound (not local), ImageCorrupt, ChecksumMismatch, StoreFull, DeadlineExceeded
    std::filesystem::path partFile(const std::string& contentId, const std::vector<ByteRange>& parts,
                                   const model::Deadline& deadline);
    void remove(const std::string& contentId);
    /// The same, but for what an import has just brought in and somebody still holds (StoredImage::hold).
    /// @return whether it is gone
    bool collect(const std::string& contentId);
    /// Marks an image whose bytes were found damaged: it is served no longer, and stored anew when the same
    /// bytes come again.
    void setAside(const std::string& contentId);
    const StoreSettings& settings() const;
    /// Removes halves that a dead process left in incoming/, but for files whose names begin with one of
    /// @p kept. At start, before any import.
    void sweep(const std::vector<std::string>& kept = {});
    /// The content ids of all objects that are there.
    std::vector<std::string> contents() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace bm::images

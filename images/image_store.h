#pragma once
#include "common/model/deadline.h"
#include "common/model/image.h"
#include "common/platform/exec.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace bm::images {

struct StoreSettings {
    std::filesystem::path folder =
        "/var/lib/bm/images"; ///< objects/<contentId>.zst and .manifest; incoming/ for halves
    std::uint64_t maxImageBytes = std::uint64_t{2}
                                  << 40U; ///< declared or real raw size beyond: ImageTooLarge
    std::uint64_t reserveBytes = std::uint64_t{1}
                                 << 30U; ///< free space that an import leaves; else StoreFull
    int compressionLevel = 3;
    int compressionThreads = 0; ///< 0: as many as cores
    std::string qemuImg = "/usr/bin/qemu-img";
    std::filesystem::path
        convertHelper{}; ///< bm-convert; empty: beside the program, in its build folder or in libexec/bm
};

/// What came in.
struct ImportRequest {
    std::filesystem::path file;   ///< the source as a local file (an upload is spooled to incoming/ first)
    std::string expectedChecksum; ///< "", "sha256:<hex>" or "sha512:<hex>" of the source's bytes as given
};

struct ImportProgress {
    std::uint64_t sourceBytes = 0;
    std::uint64_t sourceTotal = 0;
    std::string phase; ///< "inspecting", "converting", "compressing", "syncing"
};

/// What an import made; goes into model::Image.
struct StoredImage {
    std::string contentId;
    std::string manifestSha256;
    std::string sourceFormat; ///< "raw", "qcow2", "raw+gz", "qcow2+xz" ...
    std::uint64_t sizeBytes = 0;
    std::uint64_t storedBytes = 0;
    std::uint64_t dataBytes = 0;
};

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
    /// Throws StoreFull when @p bytes more would leave less than the reserve.
    void checkRoom(std::uint64_t bytes) const;
    std::filesystem::path blocksFile(const std::string& contentId) const;
    std::filesystem::path manifestFile(const std::string& contentId) const;
    /// Where uploads and downloads are spooled; on the store's file system. Emptied by sweep().
    std::filesystem::path incomingFolder() const;
    void remove(const std::string& contentId);
    /// Removes halves that a dead process left in incoming/. At start, before any import.
    void sweep();

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Fetches @p url into @p file, going on at its end when it exists (Range), at most @p limitBytes.
/// Only http and https. @throws Error Unavailable, TooLarge, InvalidInput, StoreFull, DeadlineExceeded
void download(const std::string& url, const std::filesystem::path& file, std::uint64_t limitBytes,
              const std::function<void(std::uint64_t, std::uint64_t)>& onProgress,
              const model::Deadline& deadline);

/// What a config drive holds (OpenStack's layout):
/// openstack/latest/{meta_data.json,user_data,network_data.json,vendor_data.json}.
struct ConfigDrive {
    std::string metaDataJson = "{}";
    std::string userData;
    std::string networkDataJson;
    std::string vendorDataJson;
};
/// An ISO 9660 image with volume label "config-2" (libarchive), Rock Ridge and Joliet.
std::string makeConfigDrive(const ConfigDrive& drive);
/// A whole config drive as Ironic takes it: base64 of a gzipped ISO or VFAT image; gives the plain image.
/// @throws Error InvalidInput (not base64, not gzip, larger than 64 MiB unpacked)
std::string decodeConfigDrive(const std::string& base64Gzip);

} // namespace bm::images

#pragma once
#include <cstdint>
#include <filesystem>
#include <istream>
#include <memory>
#include <set>
#include <string>

namespace bm::images {

struct StoreSettings;

/// The progress of a capture.
struct CaptureState {
    std::uint64_t sizeBytes = 0;   ///< of the whole image, raw
    std::uint64_t blocks = 0;      ///< received and verified, contiguous from the first
    std::uint64_t storedBytes = 0; ///< size of their frames
};

/// Captures in progress, block by block. Each has a folder with the frames in their final form and the record
/// headers. Every block is decompressed and hashed before it counts. After a restart the first access
/// verifies the blocks again, so a capture resumes at its true position. Memory: a few MiB per running
/// capture, and 48 bytes per block. Thread-safe; calls on one capture are serialised.
class CaptureStore {
public:
    /// @p settings must outlive this object. It owns the folder captures/ below StoreSettings::folder.
    explicit CaptureStore(const StoreSettings& settings);
    ~CaptureStore();
    CaptureStore(const CaptureStore&) = delete;
    CaptureStore& operator=(const CaptureStore&) = delete;

    /// Begins capture @p id (a UUID), or returns its progress. A different size restarts it.
    /// @throws Error ImageTooLarge, StoreFull, InvalidInput
    CaptureState open(const std::string& id, std::uint64_t sizeBytes);
    /// Appends records (images/blocks/block_record.h) from @p body; the first one is block @p firstBlock.
    /// Records before an invalid one are kept.
    /// @throws Error NotFound (not opened), Conflict (not the next block), ChecksumMismatch,
    /// ImageCorrupt, InvalidInput (record, or truncated), StoreFull
    CaptureState append(const std::string& id, std::uint64_t firstBlock, std::istream& body);
    struct Files {
        std::filesystem::path blocksFile;
        std::filesystem::path manifestFile;
    };
    /// Writes the manifest and syncs both files, for the caller to publish. May be repeated.
    /// @throws Error NotFound, Conflict (blocks are missing), StoreFull
    Files finish(const std::string& id);
    void drop(const std::string& id);
    /// Deletes all captures except @p ids. Called at the start of bmd.
    void keepOnly(const std::set<std::string>& ids);

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace bm::images

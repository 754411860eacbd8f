#pragma once
#include <cstdint>
#include <filesystem>
#include <istream>
#include <memory>
#include <set>
#include <string>

namespace bm::images {

struct StoreSettings;

/// How much of a capture is here.
struct CaptureState {
    std::uint64_t sizeBytes = 0;   ///< of the whole image, raw
    std::uint64_t blocks = 0;      ///< received and verified, from the first on
    std::uint64_t storedBytes = 0; ///< of their frames
};

/// Images on their way in from machines, block by block: one folder each, with the frames as they will be
/// served and the heads of their records beside them. Every block is decompressed and hashed before it
/// counts; what a dead process left is verified again when it is first asked for, so a capture goes on where
/// it really is. Memory: a few MiB per capture at work, and 48 bytes per block. Thread-safe; one capture's
/// calls are done one after another.
class CaptureStore {
public:
    /// @p settings outlive it (StoreSettings::folder; captures/ below it is ours).
    explicit CaptureStore(const StoreSettings& settings);
    ~CaptureStore();
    CaptureStore(const CaptureStore&) = delete;
    CaptureStore& operator=(const CaptureStore&) = delete;

    /// Begins capture @p id (a UUID), or tells how far it is. Another size than before begins again.
    /// @throws Error ImageTooLarge, StoreFull, InvalidInput
    CaptureState open(const std::string& id, std::uint64_t sizeBytes);
    /// Takes records (images/blocks/block_record.h) from @p body to its end; the first is of block @p
    /// firstBlock. Those before a broken one are kept.
    /// @throws Error NotFound (not opened), Conflict (another block is expected next), ChecksumMismatch,
    /// ImageCorrupt, InvalidInput (record, or cut off), StoreFull
    CaptureState append(const std::string& id, std::uint64_t firstBlock, std::istream& body);
    struct Whole {
        std::filesystem::path blocksFile;
        std::filesystem::path manifestFile;
    };
    /// Writes the manifest and syncs both files; they are the caller's to publish. May be repeated.
    /// @throws Error NotFound, Conflict (blocks are missing), StoreFull
    Whole finish(const std::string& id);
    void drop(const std::string& id);
    /// Removes all captures but @p ids. At start.
    void keepOnly(const std::set<std::string>& ids);

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace bm::images

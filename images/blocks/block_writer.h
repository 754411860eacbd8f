#pragma once
#include "images/blocks/manifest.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <span>

namespace bm::images {

struct BlockWriterSettings {
    int compressionLevel = 3; ///< zstd's
    int threads = 0;          ///< 0: as many as cores
};

/// Turns a raw image, given from its begin to its end, into the frames of a .zst file and their manifest.
/// Blocks are hashed and compressed on threads of its own and written in order by the caller's; about 2 x
/// threads + 2 blocks are in memory, whatever the image's size. One thread at a time. Destroyed before
/// finish(): the threads end, the file is left unfinished.
class BlockWriter {
public:
    /// @p fd is borrowed: an empty file, open for writing.
    BlockWriter(int fd, const BlockWriterSettings& settings);
    /// Each block in its order, on the caller's thread; what it throws ends the write. entry.offset counts
    /// from the first block that this writer was given.
    using FrameSink = std::function<void(const BlockEntry& entry, std::span<const std::byte> frame)>;
    /// The frames go to @p sink, not to a file.
    BlockWriter(FrameSink sink, const BlockWriterSettings& settings);
    ~BlockWriter();
    BlockWriter(const BlockWriter&) = delete;
    BlockWriter& operator=(const BlockWriter&) = delete;

    /// @throws Error StoreFull (no space), Internal (write failed)
    void write(std::span<const std::byte> bytes);
    /// As write() of @p count zeros, without touching memory: a hole of a sparse file.
    void skip(std::uint64_t count);
    /// Room to read into directly, never empty (at most the rest of a block); then advance() by what was
    /// read.
    std::span<std::byte> room();
    void advance(std::size_t count);

    std::uint64_t rawBytes() const;
    std::uint64_t storedBytes() const; ///< written to the file so far
    /// Waits for all blocks and fsyncs the file, if there is one. The writer is of no use afterwards.
    Manifest finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace bm::images

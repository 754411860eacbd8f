#pragma once
#include "images/blocks/manifest.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <span>

namespace bm::images {

struct BlockWriterSettings {
    int compressionLevel = 3; ///< zstd's
    int threads = 0;          ///< 0: one per core
};

/// Turns a raw image, written from begin to end, into the frames of a .zst file and a manifest. Own threads
/// hash and compress the blocks; the caller's thread writes them in order. Memory: about 2 x threads + 2
/// blocks, for an image of any size. Use from one thread at a time. Destruction before finish() ends the
/// threads and leaves the file incomplete.
class BlockWriter {
public:
    /// @p fd is borrowed: an empty file, open for writing.
    BlockWriter(int fd, const BlockWriterSettings& settings);
    /// Receives each block in order, on the caller's thread. An exception from it ends the write.
    /// entry.offset counts from the first block of this writer.
    using FrameSink = std::function<void(const BlockEntry& entry, std::span<const std::byte> frame)>;
    /// Passes the frames to @p sink instead of a file.
    BlockWriter(FrameSink sink, const BlockWriterSettings& settings);
    ~BlockWriter();
    BlockWriter(const BlockWriter&) = delete;
    BlockWriter& operator=(const BlockWriter&) = delete;

    /// @throws Error StoreFull (no space), Internal (write failed)
    void write(std::span<const std::byte> bytes);
    /// Writes @p count zeros without touching memory: a hole of a sparse file.
    void skip(std::uint64_t count);
    /// The free rest of the current block's buffer, never empty. Read data into it, then call advance() with
    /// the count.
    std::span<std::byte> buffer();
    void advance(std::size_t count);

    std::uint64_t rawBytes() const;
    std::uint64_t storedBytes() const; ///< bytes written to the file so far
    /// Waits for all blocks and fsyncs the file, if there is one. Only the destructor may follow.
    Manifest finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace bm::images

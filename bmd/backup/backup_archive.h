#pragma once
#include "common/platform/files.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct archive;
struct archive_entry;

namespace bm::bmd {

/// Receives the progress of the current entry, in bytes.
using BytesProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

/// Writes a tar archive, mode 0600, under a temporary name. finish() syncs it and gives it its final name.
/// Without finish() no file remains.
class ArchiveWriter {
public:
    /// @throws Error Conflict (@p file exists), NotFound (no such folder), StoreFull, Internal
    explicit ArchiveWriter(std::filesystem::path file);
    ~ArchiveWriter();
    ArchiveWriter(const ArchiveWriter&) = delete;
    ArchiveWriter& operator=(const ArchiveWriter&) = delete;
    void addText(const std::string& name, std::string_view text);
    /// @throws Error NotFound (@p source does not exist)
    void addFile(const std::string& name, const std::filesystem::path& source, const BytesProgress& progress);
    void finish();

private:
    void begin(const std::string& name, std::uint64_t size);
    void write(std::string_view bytes);
    void require(int result);

    std::filesystem::path file_, partial_;
    platform::Fd fd_;
    struct Close {
        void operator()(archive* open) const noexcept;
    };
    std::unique_ptr<archive, Close> archive_;
};

/// Reads a tar archive entry by entry.
class ArchiveReader {
public:
    /// @throws Error NotFound, InvalidInput (not a tar archive)
    explicit ArchiveReader(std::filesystem::path file);
    /// The name of the next entry; nullopt at the end. @throws Error ImageCorrupt (truncated or damaged)
    std::optional<std::string> next();
    /// The text of the current entry. @throws Error InvalidInput when it is longer than @p limitBytes
    std::string text(std::size_t limitBytes);
    /// Writes the current entry to the new file @p target, mode 0600, and syncs it. When root runs, the
    /// folder's owner gets the file.
    /// @throws Error Conflict (@p target exists), StoreFull
    void extract(const std::filesystem::path& target, const BytesProgress& progress);

private:
    struct Close {
        void operator()(archive* open) const noexcept;
    };
    [[noreturn]] void fail();
    std::filesystem::path file_;
    std::unique_ptr<archive, Close> archive_;
    archive_entry* entry_ = nullptr; ///< owned by archive_
};

} // namespace bm::bmd

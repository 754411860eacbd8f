#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace bm::agent {

/// A mounted file system and its path in the tree.
struct ArchivePart {
    std::filesystem::path folder;
    std::string prefix;            ///< "" for the root, else "boot", "srv/data"
    std::set<std::string> leftOut; ///< paths that the archive omits, with everything below them
};

/// The files of a system as a pax archive that bm-convert takes (docs/trees.md): numeric owners, times to the
/// nanosecond, extended attributes with ACLs, hard links, holes, device nodes. Names keep the file system's
/// bytes. Omits sockets. The same parts yield the same bytes while they remain mounted and unchanged. One
/// thread; memory: a MiB and the names of hard links.
class TreeArchive {
public:
    explicit TreeArchive(std::vector<ArchivePart> parts) : parts_(std::move(parts)) {}

    using Sink = std::function<void(std::span<const std::byte>)>;
    /// The archive's length, without reading any file. @throws as write()
    std::uint64_t bytes(const std::stop_token& stop);
    /// @throws Error DiskFailed naming the file that cannot be read, Aborted, and what @p sink throws
    void write(const Sink& sink, const std::stop_token& stop);
    std::size_t entries() const { return entries_; } ///< of the last call

private:
    class Walk;
    std::uint64_t walk(const Sink* sink, const std::stop_token& stop);
    std::vector<ArchivePart> parts_;
    std::size_t entries_ = 0;
};

} // namespace bm::agent

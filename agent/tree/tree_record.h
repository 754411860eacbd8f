#pragma once
#include "agent/files/attributes.h"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace bm::agent {

/// XXH3-128 of a stream. Detects faults of a disk, not an attacker's changes.
class ContentHash {
public:
    ContentHash();
    ~ContentHash();
    ContentHash(const ContentHash&) = delete;
    ContentHash& operator=(const ContentHash&) = delete;
    void reset();
    void update(std::span<const std::byte> bytes);
    void zeros(std::uint64_t count);
    std::array<std::uint64_t, 2> value() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// The compared metadata and content of one entry, without its name.
struct EntryFacts {
    std::uint32_t mode = 0; ///< type and permissions, as st_mode
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::int64_t seconds = 0; ///< of the last change of its content
    std::uint32_t nanoseconds = 0;
    std::uint64_t device = 0; ///< of a device node
    std::uint64_t size = 0;   ///< of a file
    std::array<std::uint64_t, 2> content{};
    std::string target; ///< of a symlink
    Attributes attributes{};
};

/// The expected entries of a tree, 48 bytes each: filled while the tree is written, compared with the file
/// systems afterwards. add(), addLink() and readBack() are thread-safe.
class TreeManifest {
public:
    /// @return the entry's number, until the first digest() or compare()
    std::size_t add(std::string_view path, const EntryFacts& facts);
    /// Records that the content of file @p entry, at @p places (placesOfFile()), came back from the disk as
    /// it was written.
    void readBack(std::size_t entry, const EntryFacts& facts, std::uint64_t places);
    /// Adds @p path as another name of @p target, which must be added before.
    void addLink(std::string_view path, std::string_view target);
    std::size_t size() const { return entries_.size(); }
    /// XXH3-128 over all of it, for the report; lower-case hex.
    std::string digest();

    /// Walks @p root and compares every entry, its content included. Reads no file that was read back and has
    /// the same metadata and places. Any other entry is an error.
    /// @param passOver  paths ("boot/efi") whose content is not compared
    /// @param onBytes  called with the number of bytes read of files
    /// @throws Error DiskFailed naming the first differing entry and the difference, Aborted
    void compare(const std::string& root, const std::vector<std::string>& passOver,
                 const std::function<void(std::uint64_t)>& onBytes, const std::stop_token& stop);

private:
    class Walk;
    struct Entry {
        std::uint64_t path = 0;
        std::array<std::uint64_t, 2> facts{};
        std::uint64_t placed = 0; ///< hash of metadata and places, once read back
        bool seen = false;
    };
    Entry* find(std::uint64_t path);
    void sort();

    std::mutex mutex_; ///< protects entries_ and links_ while they grow
    std::vector<Entry> entries_;
    std::vector<std::array<std::uint64_t, 2>> links_; ///< hashes of target and name
    bool sorted_ = true;
};

} // namespace bm::agent

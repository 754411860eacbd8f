#pragma once
#include <archive_entry.h>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace bm::images {

struct EntryFreer {
    void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};
using EntryPtr = std::unique_ptr<archive_entry, EntryFreer>;

struct TreeLimits {
    std::uint64_t bytes = 0;           ///< total size of file contents, and of the canonical archive
    std::uint64_t entries = 2'000'000; ///< limit of names in the tree, since each needs memory
};

/// The names and metadata of a tree, from headers alone. Applies layers from the lowest up, with OCI's
/// whiteouts, before any content is read. An entry below a symlink of a lower layer goes to the link's
/// target, resolved as chroot(2) does. Refuses every entry that leads outside the tree or through another
/// symlink.
class TreeIndex {
public:
    explicit TreeIndex(const TreeLimits& limits) : limits_(limits) {}

    /// Starts a layer above all earlier ones. @p whiteouts: names .wh.* delete names of lower layers.
    void beginLayer(bool whiteouts);
    /// Adds the next header of the layer, in archive order. @throws Refusal
    void add(archive_entry* entry);

    /// A name and its content. Several names may share one content (hard links).
    struct Name {
        std::uint32_t content = 0;
        bool directory = false;
        EntryPtr metadata{}; ///< of a directory; null when the archive has only its entries
    };
    /// All names, sorted by path; a parent precedes its entries.
    const std::map<std::string, Name, std::less<>>& names() const { return names_; }
    /// The names of entry @p ordinal of @p layer in the final tree; empty when it was replaced or deleted.
    /// Call finish() first.
    const std::vector<const std::string*>& namesOf(std::uint32_t layer, std::uint32_t ordinal) const;
    void finish();
    std::uint64_t skippedSockets() const { return sockets_; }
    /// Symlinks to folders that a layer replaced by a folder, in order; at most 16.
    const std::vector<std::string>& replacedLinks() const { return replaced_; }

private:
    struct Content {
        std::uint32_t layer = 0;
        std::uint32_t ordinal = 0;
    };
    std::string resolved(const std::string& path) const;
    bool isLowerLink(const Name& name) const;
    void checkReplacedLink(const std::string& path);
    bool applyWhiteout(std::string_view path);
    void addDirectory(const std::string& path, archive_entry* entry);
    void addLink(const std::string& path, archive_entry* entry);
    void addOther(const std::string& path, archive_entry* entry);
    void requireParents(std::string_view path);
    void eraseBelow(const std::string& path, bool lowerOnly);
    void erase(const std::string& path, bool lowerOnly);
    Name& addName(const std::string& path);
    std::uint32_t newContent();

    TreeLimits limits_;
    std::map<std::string, Name, std::less<>> names_;
    std::vector<Content> contents_;
    std::unordered_map<std::uint32_t, std::string> targets_; ///< of symlinks, by content
    std::vector<std::string> replaced_;
    std::map<std::uint64_t, std::vector<const std::string*>> byOrdinal_;
    std::uint64_t declared_ = 0;
    std::uint64_t sockets_ = 0;
    std::uint32_t layer_ = 0;
    std::uint32_t layers_ = 0;
    std::uint32_t ordinal_ = 0;
    bool whiteouts_ = false;
};

} // namespace bm::images

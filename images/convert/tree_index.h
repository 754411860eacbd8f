#pragma once
#include <archive_entry.h>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bm::images {

struct EntryFreer {
    void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};
using EntryPtr = std::unique_ptr<archive_entry, EntryFreer>;

struct TreeLimits {
    std::uint64_t bytes = 0;           ///< of files' contents together, and of the archive made
    std::uint64_t entries = 2'000'000; ///< names in the tree; each costs memory
};

/// What a tree will hold, found from headers alone: layers are laid over each other from the lowest up, with
/// OCI's whiteouts, before a byte of content is read. Everything that would lead outside of the tree, or
/// through a symlink, is refused here.
class TreeIndex {
public:
    explicit TreeIndex(const TreeLimits& limits) : limits_(limits) {}

    /// From now on entries belong to a layer above all before. @p whiteouts: names .wh.* are orders.
    void beginLayer(bool whiteouts);
    /// The next header of the layer, in the archive's order. @throws Refusal
    void add(archive_entry* entry);

    /// A name, and what it is of: one content may have several (hard links).
    struct Name {
        std::uint32_t content = 0;
        bool directory = false;
        EntryPtr metadata{}; ///< of a directory; none where only its content was in the archive
    };
    /// By path; a parent comes before what is in it.
    const std::map<std::string, Name, std::less<>>& names() const { return names_; }
    /// Names of the entry @p ordinal of @p layer in the finished tree; empty where it was replaced or
    /// deleted. Call finish() once before.
    const std::vector<const std::string*>& namesOf(std::uint32_t layer, std::uint32_t ordinal) const;
    void finish();
    std::uint64_t skippedSockets() const { return sockets_; }

private:
    struct Content {
        std::uint32_t layer = 0;
        std::uint32_t ordinal = 0;
    };
    bool takeWhiteout(std::string_view path);
    void addDirectory(const std::string& path, archive_entry* entry);
    void addLink(const std::string& path, archive_entry* entry);
    void addOther(const std::string& path, archive_entry* entry);
    void needParents(std::string_view path);
    void eraseBelow(const std::string& path, bool lowerOnly);
    void erase(const std::string& path, bool lowerOnly);
    Name& put(const std::string& path);
    std::uint32_t newContent();

    TreeLimits limits_;
    std::map<std::string, Name, std::less<>> names_;
    std::vector<Content> contents_;
    std::map<std::uint64_t, std::vector<const std::string*>> byOrdinal_;
    std::uint64_t declared_ = 0;
    std::uint64_t sockets_ = 0;
    std::uint32_t layer_ = 0;
    std::uint32_t layers_ = 0;
    std::uint32_t ordinal_ = 0;
    bool whiteouts_ = false;
};

} // namespace bm::images

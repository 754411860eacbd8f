#pragma once
#include "images/convert/archive_reader.h"
#include "images/convert/tree_acl.h"
#include "images/convert/tree_index.h"

#include <cstdint>
#include <string>

namespace bm::images {

/// Facts about a tree, collected while it is written; part of the image's description.
struct TreeFacts {
    std::uint64_t entries = 0;
    std::uint64_t files = 0;
    std::uint64_t directories = 0;
    std::uint64_t contentBytes = 0; ///< size of all files, holes included
    std::string architecture;       ///< of the first program in the tree: "x86_64", "aarch64"; else empty
    std::string osRelease;          ///< content of /etc/os-release or /usr/lib/os-release
    std::string layout;             ///< content of /etc/bm/layout.yaml
    std::vector<std::string> kernels;
    bool root = false; ///< etc/, usr/ or bin/ exists
    bool grub = false;
    bool systemdBoot = false;
    bool cloudInit = false;
};

/// Writes the canonical archive to stdout: pax (POSIX.1-2001), numeric owners, times with nanoseconds, ACLs
/// and extended attributes as SCHILY.*, sparse files as GNU 1.0, two final empty blocks.
class TreeWriter {
public:
    /// @p names resolves names in ACLs; copied
    TreeWriter(std::uint64_t limitBytes, AclNames names);
    ~TreeWriter();
    TreeWriter(const TreeWriter&) = delete;
    TreeWriter& operator=(const TreeWriter&) = delete;

    /// Writes a folder. Without @p metadata it belongs to root with mode 0755.
    void directory(const std::string& path, archive_entry* metadata);
    /// Writes the current entry of @p source under the first of @p names; the other names become hard links
    /// to it. @throws Refusal when the content differs from its declared length
    void content(const std::vector<const std::string*>& names, archive_entry* entry, ArchiveReader& source);
    void finish();
    const TreeFacts& facts() const { return facts_; }

private:
    struct Sink;
    void header(archive_entry* entry);
    void data(archive_entry* entry, ArchiveReader& source, const std::string& path);
    void writeData(const void* bytes, std::size_t count);
    void writeZeros(std::uint64_t count);
    void observe(const std::string& path, archive_entry* entry);

    std::unique_ptr<Sink> sink_;
    struct Freer {
        void operator()(archive* writer) const { archive_write_free(writer); }
    };
    std::unique_ptr<archive, Freer> writer_;
    AclNames names_;
    TreeFacts facts_;
};

} // namespace bm::images

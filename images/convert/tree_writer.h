#pragma once
#include "images/convert/archive_reader.h"
#include "images/convert/tree_acl.h"
#include "images/convert/tree_index.h"

#include <cstdint>
#include <string>

namespace bm::images {

/// What was seen of a tree while it was written; goes into the image's description.
struct TreeFacts {
    std::uint64_t entries = 0;
    std::uint64_t files = 0;
    std::uint64_t directories = 0;
    std::uint64_t contentBytes = 0; ///< of files, holes too
    std::string architecture;       ///< of the first program seen: "x86_64", "aarch64"; else empty
    std::string osRelease;          ///< text of /etc/os-release or /usr/lib/os-release
    std::string layout;             ///< text of /etc/bm/layout.yaml
    std::vector<std::string> kernels;
    bool root = false; ///< there is etc/, usr/ or bin/
    bool grub = false;
    bool systemdBoot = false;
    bool cloudInit = false;
};

/// Writes the canonical archive to stdout: pax (POSIX.1-2001), numeric owners, times with nanoseconds, ACLs
/// and extended attributes as SCHILY.*, sparse files as GNU 1.0; at the end two empty blocks.
class TreeWriter {
public:
    /// @p names: for ACLs; copied
    TreeWriter(std::uint64_t limitBytes, AclNames names);
    ~TreeWriter();
    TreeWriter(const TreeWriter&) = delete;
    TreeWriter& operator=(const TreeWriter&) = delete;

    /// A folder; without @p metadata it is root's, 0755.
    void directory(const std::string& path, archive_entry* metadata);
    /// An entry of @p source at hand with its content, under the first of @p names; the others become hard
    /// links to it. @throws Refusal where the content is not as long as declared
    void content(const std::vector<const std::string*>& names, archive_entry* entry, ArchiveReader& source);
    void finish();
    const TreeFacts& facts() const { return facts_; }

private:
    struct Sink;
    void header(archive_entry* entry);
    void data(archive_entry* entry, ArchiveReader& source, const std::string& path);
    void put(const void* bytes, std::size_t count);
    void zeros(std::uint64_t count);
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

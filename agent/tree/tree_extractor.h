#pragma once
#include "agent/base/agent_log.h"
#include "agent/base/step_progress.h"
#include "agent/tree/file_read_back.h"
#include "agent/tree/tree_record.h"
#include "agent/tree/tree_stream.h"
#include "common/platform/files.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

struct archive;
struct archive_entry;

namespace bm::agent {

/// Unpacks the canonical archive of a tree image below a folder, with all metadata of each entry, records
/// the expected entries in a manifest, and passes each file to the read-back. Resolves paths below the folder
/// only and through no symlink (openat2(2): RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS): neither a malicious
/// archive nor an earlier entry leads outside.
class TreeExtractor {
public:
    /// All borrowed. @p skip: paths ("srv") whose content is not unpacked; the folders themselves are.
    TreeExtractor(const std::string& root, TreeStream& stream, std::vector<std::string> skip,
                  TreeManifest& manifest, FileReadBack& readBack, StepProgress& progress,
                  const std::stop_token& stop);
    /// @throws Error DiskTooSmall (the file system is full), DiskFailed, ImageCorrupt (not a canonical
    /// archive), the errors of the stream, Aborted
    void run();
    std::uint64_t entries() const { return entries_; }
    std::uint64_t skipped() const { return skipped_; }
    std::uint64_t contentBytes() const { return contentBytes_; }

private:
    struct Folder {
        std::string path;
        EntryFacts facts;
    };
    static long readCallback(archive* reader, void* self, const void** bytes);
    void take(archive* reader, archive_entry* entry);
    void makeFolder(const std::string& path, EntryFacts facts);
    void makeFile(archive* reader, int parent, const std::string& name, const std::string& path,
                  EntryFacts facts);
    void copyContent(archive* reader, int fd, const std::string& path, EntryFacts& facts);
    void makeLink(const std::string& path, const std::string& target);
    void makeSymlink(int parent, const std::string& name, const std::string& path, const EntryFacts& facts);
    void makeNode(int parent, const std::string& name, const std::string& path, const EntryFacts& facts);
    void finishFolders();
    int parentOf(const std::string& path);
    platform::Fd openBeneath(const std::string& path, std::uint64_t flags) const;
    bool isSkipped(std::string_view path) const;

    platform::Fd root_;
    TreeStream& stream_;
    std::vector<std::string> skip_;
    TreeManifest& manifest_;
    FileReadBack& readBack_;
    StepProgress& progress_;
    const std::stop_token& stop_;
    ContentHash hash_;
    std::exception_ptr streamFailure_;
    std::string parentPath_ = "\n"; ///< path of parent_; the initial value is no valid path
    platform::Fd parent_;
    std::vector<Folder> folders_;
    std::uint64_t entries_ = 0;
    std::uint64_t skipped_ = 0;
    std::uint64_t contentBytes_ = 0;
};

} // namespace bm::agent

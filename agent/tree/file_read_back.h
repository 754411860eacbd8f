#pragma once
#include "agent/base/aligned_buffer.h"
#include "agent/base/step_progress.h"
#include "agent/tree/tree_record.h"
#include "common/platform/condition.h"
#include "common/platform/files.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace bm::agent {

/// A regular file of a tree, complete and with its metadata.
struct WrittenFile {
    std::size_t entry = 0; ///< its number in the manifest
    std::string path;      ///< for messages
    platform::Fd fd;       ///< open for reading
    EntryFacts facts;
};

/// Reads a tree's files back from the disk while the agent writes the next ones. Batch by batch it writes the
/// files' pages out, flushes the disks, drops the pages, reads the files without the page cache (O_DIRECT)
/// and compares their content. The manifest records the places of each compared file. TreeManifest::compare()
/// reads the other files: those for which this thread has no time, and those that the file system does not
/// read by O_DIRECT. add() and finish(): one thread.
class FileReadBack {
public:
    /// Files that it keeps open at most, waiting ones included: a process may open 1024 by default.
    static constexpr std::size_t kMostOpen = 256;
    /// Borrows @p manifest and @p progress. @p devices: of the file systems. @throws Error DiskFailed
    FileReadBack(TreeManifest& manifest, const std::vector<std::string>& devices, StepProgress& progress);
    FileReadBack(const FileReadBack&) = delete;
    FileReadBack& operator=(const FileReadBack&) = delete;
    /// Does not wait. @throws Error DiskFailed: an earlier file has other content on the disk
    void add(WrittenFile file);
    /// Waits until all added files are compared. No file may be added afterwards.
    /// @throws Error DiskFailed, Aborted
    void finish(const std::stop_token& stop);
    std::uint64_t files() const { return files_; } ///< compared ones

private:
    using Batch = std::vector<WrittenFile>;
    void run(const std::stop_token& stop);
    bool takeBatch(Batch& batch, const std::stop_token& stop);
    void compareAll(const Batch& batch, const std::stop_token& stop);
    void compare(const WrittenFile& file, const std::stop_token& stop);
    std::optional<std::array<std::uint64_t, 2>> contentOf(const WrittenFile& file,
                                                          const std::stop_token& stop);

    TreeManifest& manifest_;
    StepProgress& progress_;
    std::vector<platform::Fd> devices_;
    AlignedBuffer piece_;
    ContentHash hash_;
    std::atomic<std::uint64_t> files_{0};
    std::mutex mutex_;
    platform::Condition changed_;
    Batch waiting_;                  ///< under mutex_
    std::uint64_t waitingBytes_ = 0; ///< under mutex_
    std::size_t comparing_ = 0;      ///< open files of the batch; under mutex_
    bool finishing_ = false;         ///< under mutex_
    bool ended_ = false;             ///< under mutex_
    std::exception_ptr failure_;     ///< under mutex_
    std::jthread thread_;            ///< last member: it ends before the other members
};

} // namespace bm::agent

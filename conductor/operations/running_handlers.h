#pragma once
#include "common/model/ids.h"

#include <cstddef>
#include <filesystem>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace bm::conductor {

/// The steps whose handlers run, in a file that the kernel keeps when bmd is killed: a write to memory for
/// each run, no commit. The next process counts a crash for these steps only. After a power cut the file may
/// be old or empty. Thread-safe.
class RunningHandlers {
public:
    /// Reads the steps of the process before, then forgets them. @param file empty, or where the disk has no
    /// space: marks have no effect. @param most  steps at a time; more have no mark
    RunningHandlers(const std::filesystem::path& file, std::size_t most);
    ~RunningHandlers();
    RunningHandlers(const RunningHandlers&) = delete;
    RunningHandlers& operator=(const RunningHandlers&) = delete;

    /// Marks a step while it lives.
    class Mark {
    public:
        Mark(RunningHandlers& handlers, const model::StepId& step);
        ~Mark();
        Mark(const Mark&) = delete;
        Mark& operator=(const Mark&) = delete;

    private:
        RunningHandlers& handlers_;
        std::size_t slot_;
    };
    /// True if the process before ended inside the handler of @p step.
    bool crashed(const model::StepId& step) const { return crashed_.contains(step.uuid); }

private:
    std::size_t take(const std::string& uuid);
    void giveBack(std::size_t slot);
    std::span<char> textOf(std::size_t slot) const;

    std::set<std::string> crashed_;
    std::span<char> memory_; ///< of the file; empty: no marks
    std::mutex mutex_;
    std::vector<std::size_t> free_; ///< under mutex_
};

} // namespace bm::conductor

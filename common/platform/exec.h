#pragma once
#include "common/model/deadline.h"

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace bm::platform {

/// A program to run: never through a shell.
struct Command {
    std::vector<std::string> argv; ///< argv[0] absolute or looked up in the usual bin folders; no secret here
    std::map<std::string, std::string>
        env{};           ///< the whole environment, nothing is inherited (PATH is added if absent)
    std::string input{}; ///< written to its stdin, then closed
    std::size_t outputLimitBytes = std::size_t{64} * 1024; ///< per stream; the rest is dropped and counted
};

struct Exit {
    int code = -1; ///< exit status; 128 + signal where a signal ended it
    std::string out;
    std::string err;
    std::size_t droppedBytes = 0;
    std::chrono::milliseconds took{};
};

/// Runs programs to their end. Thread-safe.
class Exec {
public:
    virtual ~Exec() = default;
    /// In a process group of its own; TERM at the deadline or when stopped, KILL 2 s later, always reaped;
    /// descriptors above 2 are closed in it. It does not outlive us. A non-zero exit is a value.
    /// @throws Error DeadlineExceeded (with the tail of stderr), Aborted (stopped), NotFound (no such
    /// program)
    virtual Exit run(const Command& command, const model::Deadline& deadline) = 0;
};

/// The real one: posix_spawn or fork/exec.
std::unique_ptr<Exec> makeExec();

} // namespace bm::platform

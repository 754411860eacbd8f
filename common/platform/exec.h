#pragma once
#include "common/model/deadline.h"
#include "common/platform/confine/capabilities.h"
#include "common/platform/confine/sandbox.h"

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace bm::platform {

/// A program to run, never through a shell.
struct Command {
    std::vector<std::string> argv; ///< argv[0] absolute or looked up in the usual bin folders; no secret here
    std::map<std::string, std::string>
        env{};           ///< the whole environment; the program inherits nothing (but PATH where absent)
    std::string input{}; ///< for its stdin, which is closed afterwards
    std::size_t outputLimitBytes = std::size_t{64} * 1024; ///< per stream; Exec drops and counts the rest
    CapabilitySet capabilities = kNoCapabilities;          ///< that the program keeps
    std::optional<Confinement> confinement{};              ///< a sandbox, which leaves no capabilities
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
    /// Runs @p command in a process group of its own: SIGTERM at the deadline or a stop request, SIGKILL 2 s
    /// later. The program has no descriptors above 2, no capabilities but those that the command or this
    /// object keeps, and does not outlive bm. A non-zero exit is a value.
    /// @throws Error DeadlineExceeded (with the tail of stderr), Aborted (stopped), NotFound (no such
    /// program)
    virtual Exit run(const Command& command, const model::Deadline& deadline) = 0;
};

/// Exec by fork and exec. @param kept  capabilities of every program: the RAM disk's agent keeps all
std::unique_ptr<Exec> makeExec(CapabilitySet kept = kNoCapabilities);

} // namespace bm::platform

#pragma once
#include "common/platform/exec.h"
#include "common/platform/files.h"

#include <functional>

#include <sys/types.h>

namespace bm::platform {

/// Descriptors that become the child's 0, 1 and 2; borrowed. Each must be above 3 (see pipeAboveStdio).
struct ChildStreams {
    int in;
    int out;
    int err;
};

struct Pipe {
    Fd read;
    Fd write;
};
/// A pipe whose ends are close-on-exec and above 3, so that they never collide with the child's standard
/// streams.
Pipe pipeAboveStdio();
/// /dev/null opened with @p flags, close-on-exec and above 3.
Fd nullAboveStdio(int flags);
/// argv[0] itself when it holds a '/', else its path in the usual bin folders. @throws Error NotFound
std::string resolveProgram(const std::string& program);

/// One started program, leader of a process group of its own, with default signal handlers and without
/// inherited descriptors above 2, with the capabilities and in the sandbox of its command. The kernel kills
/// it when the thread that made it ends; the destructor kills its group and reaps it. For one thread.
class ChildProcess {
public:
    /// @param inChild runs between fork and exec, with all capabilities, may be empty; async-signal-safe
    ///   calls only
    /// @throws Error NotFound (no such program), Internal (also: the sandbox cannot be created)
    ChildProcess(const Command& command, const ChildStreams& streams,
                 const std::function<void()>& inChild = {});
    ~ChildProcess();
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    pid_t pid() const { return pid_; }
    /// Readable once the child has ended.
    int pidFd() const { return pidFd_.get(); }
    bool ended() const;
    void signalGroup(int signal) const noexcept;
    /// Waits for the end. @return the exit code, or 128 + signal. May be repeated.
    int reap() noexcept;

private:
    pid_t pid_ = -1;
    Fd pidFd_;
    bool reaped_ = false;
    int code_ = -1;
};

} // namespace bm::platform

#include "common/platform/exec.h"

#include "common/model/error.h"
#include "common/platform/child_process.h"
#include "common/platform/wake_up.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <string_view>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

namespace bm::platform {
namespace {

using model::Deadline;
using model::Error;
using model::ErrorCode;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kGrace{2000}; ///< between TERM and KILL
constexpr std::size_t kTailBytes = 400;

void makeNonBlocking(const Fd& fd)
{
    ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
}

/// The read end of one of the child's streams, and the output read so far.
class Collector {
public:
    Collector(Fd fd, std::size_t limit) : fd_(std::move(fd)), limit_(limit) { makeNonBlocking(fd_); }
    int fd() const { return fd_.get(); } ///< -1 at the end: poll(2) skips it
    /// Reads the available output, a bounded amount, so that an endless writer does not delay the deadline.
    /// Closes the descriptor at the end of the stream.
    void drain(std::size_t& dropped)
    {
        std::array<char, 16384> buffer; // NOLINT(cppcoreguidelines-pro-type-member-init)
        for (int round = 0; fd_ && round < 64; ++round) {
            const ssize_t got = ::read(fd_.get(), buffer.data(), buffer.size());
            if (got < 0 && errno == EINTR)
                continue;
            if (got < 0 && errno == EAGAIN)
                return;
            if (got <= 0) {
                fd_ = Fd();
                return;
            }
            const auto count = static_cast<std::size_t>(got);
            const std::size_t kept = std::min(count, limit_ - text_.size());
            text_.append(buffer.data(), kept);
            dropped += count - kept;
        }
    }
    std::string take() { return std::move(text_); }

private:
    Fd fd_;
    std::size_t limit_;
    std::string text_{};
};

/// The write end of the child's stdin.
class Feeder {
public:
    Feeder(Fd fd, std::string_view input) : fd_(std::move(fd)), left_(input)
    {
        if (fd_)
            makeNonBlocking(fd_);
    }
    int fd() const { return fd_.get(); }
    void feed()
    {
        while (!left_.empty()) {
            const ssize_t put = writeQuietly();
            if (put < 0 && errno == EAGAIN)
                return;
            if (put < 0 && errno != EINTR)
                left_ = {}; // the child closed its stdin
            if (put > 0)
                left_.remove_prefix(static_cast<std::size_t>(put));
        }
        fd_ = Fd();
    }

private:
    /// write(2) without a SIGPIPE for the process, whatever its disposition is.
    ssize_t writeQuietly() const
    {
        sigset_t pipeOnly;
        sigset_t before;
        ::sigemptyset(&pipeOnly);
        ::sigaddset(&pipeOnly, SIGPIPE);
        ::pthread_sigmask(SIG_BLOCK, &pipeOnly, &before);
        const ssize_t put = ::write(fd_.get(), left_.data(), left_.size());
        const int reason = errno;
        if (put < 0 && reason == EPIPE && ::sigismember(&before, SIGPIPE) == 0) {
            const timespec now{0, 0};
            ::sigtimedwait(&pipeOnly, nullptr, &now);
        }
        ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
        errno = reason;
        return put;
    }

    Fd fd_;
    std::string_view left_;
};

/// One run of a program, from start to reaped.
class Run {
public:
    Run(const Command& command, const Deadline& deadline)
        : command_(command), deadline_(deadline), started_(steady_clock::now()), in_(pipeAboveStdio()),
          outPipe_(pipeAboveStdio()), errPipe_(pipeAboveStdio()),
          child_(command, {in_.read.get(), outPipe_.write.get(), errPipe_.write.get()}),
          out_(std::move(outPipe_.read), command.outputLimitBytes),
          err_(std::move(errPipe_.read), command.outputLimitBytes),
          input_(std::move(in_.write), command.input), onStop_(deadline.stop, Wake{&wake_})
    {
        in_.read = Fd();
        outPipe_.write = Fd();
        errPipe_.write = Fd();
        input_.feed();
    }

    Exit finish()
    {
        const bool inTime = pumpUntil(deadline_.at, true);
        if (!inTime)
            end();
        drain(); // the child's own output is in the pipes now; a descendant may hold them open for ever
        Exit exit;
        exit.code = child_.reap();
        exit.out = out_.take();
        exit.err = err_.take();
        exit.droppedBytes = dropped_;
        exit.took = std::chrono::duration_cast<milliseconds>(steady_clock::now() - started_);
        if (!inTime)
            fail(exit);
        return exit;
    }

private:
    struct Wake {
        const WakeUp* target;
        void operator()() const noexcept { target->wake(); }
    };

    /// Moves bytes until the child ends (true), or until @p until or a heeded stop request (false).
    bool pumpUntil(steady_clock::time_point until, bool heedStop)
    {
        for (;;) {
            if (child_.ended())
                return true;
            if ((heedStop && deadline_.stop.stop_requested()) || steady_clock::now() >= until)
                return false;
            // one more millisecond: left is rounded down, and poll with 0 spins
            const auto left =
                std::chrono::duration_cast<milliseconds>(until - steady_clock::now()) + milliseconds{1};
            std::array<pollfd, 5> entries{{{child_.pidFd(), POLLIN, 0},
                                           {out_.fd(), POLLIN, 0},
                                           {err_.fd(), POLLIN, 0},
                                           {input_.fd(), POLLOUT, 0},
                                           {heedStop ? wake_.fd() : -1, POLLIN, 0}}};
            ::poll(entries.data(), entries.size(),
                   static_cast<int>(std::clamp<milliseconds::rep>(left.count(), 0, 60'000)));
            if (entries[3].revents != 0)
                input_.feed();
            drain();
        }
    }
    void drain()
    {
        out_.drain(dropped_);
        err_.drain(dropped_);
    }
    void end()
    {
        child_.signalGroup(SIGTERM);
        pumpUntil(steady_clock::now() + kGrace, false);
        child_.signalGroup(SIGKILL); // descendants outlive their leader
    }
    [[noreturn]] void fail(const Exit& exit) const
    {
        const std::string_view program = std::string_view(command_.argv.front());
        const std::string_view name = program.substr(program.rfind('/') + 1);
        if (deadline_.stop.stop_requested())
            throw Error(ErrorCode::Aborted,
                        fmt::format("{} was stopped after {} ms", name, exit.took.count()));
        std::string_view tail = exit.err;
        tail.remove_prefix(tail.size() - std::min(tail.size(), kTailBytes));
        while (!tail.empty() && (tail.back() == '\n' || tail.back() == ' '))
            tail.remove_suffix(1);
        throw Error(ErrorCode::DeadlineExceeded,
                    fmt::format("{} did not end in {} ms{}{}", name, exit.took.count(),
                                tail.empty() ? "" : ": ", tail));
    }

    const Command& command_;
    const Deadline& deadline_;
    steady_clock::time_point started_;
    WakeUp wake_{};
    Pipe in_;
    Pipe outPipe_;
    Pipe errPipe_;
    ChildProcess child_;
    Collector out_;
    Collector err_;
    Feeder input_;
    std::size_t dropped_ = 0;
    std::stop_callback<Wake> onStop_;
};

class ProcessExec final : public Exec {
public:
    explicit ProcessExec(CapabilitySet kept) : kept_(kept) {}
    Exit run(const Command& command, const Deadline& deadline) override
    {
        const std::string program = command.argv.empty() ? std::string("(no program)") : command.argv.front();
        if (deadline.stop.stop_requested())
            throw Error(ErrorCode::Aborted, program + " was not started: stopped before");
        if (deadline.over())
            throw Error(ErrorCode::DeadlineExceeded, program + " was not started: no time left");
        if ((command.capabilities | kept_) == command.capabilities)
            return Run(command, deadline).finish();
        Command raised = command;
        raised.capabilities |= kept_;
        return Run(raised, deadline).finish();
    }

private:
    CapabilitySet kept_;
};

} // namespace

std::unique_ptr<Exec> makeExec(CapabilitySet kept)
{
    return std::make_unique<ProcessExec>(kept);
}

} // namespace bm::platform

#include "common/platform/child_process.h"

#include "common/model/error.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <string_view>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bm::platform {
namespace {

using model::Error;
using model::ErrorCode;

constexpr std::array<const char*, 6> kBinFolders{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
                                                 "/usr/bin",        "/sbin",          "/bin"};
constexpr std::string_view kPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr int kReportFd = 3;   ///< in the child: the pipe that reports a failed exec
constexpr int kLowestOurs = 4; ///< the parent's descriptors stay above the child's 0 to 3

[[noreturn]] void throwErrno(std::string_view doing)
{
    const int reason = errno;
    throw Error(ErrorCode::Internal, fmt::format("{}: {}", doing, std::strerror(reason)),
                "descriptors, processes or memory may be exhausted: see ulimit -a and the journal");
}

Fd aboveStdio(Fd fd)
{
    if (!fd)
        throwErrno("opening a descriptor for a child");
    if (fd.get() >= kLowestOurs)
        return fd;
    Fd moved(::fcntl(fd.get(), F_DUPFD_CLOEXEC, kLowestOurs));
    if (!moved)
        throwErrno("moving a descriptor");
    return moved;
}

/// The child's values, made before fork: after it the child may not allocate.
struct Prepared {
    std::string program;
    std::vector<std::string> environment;
    std::vector<char*> argv;
    std::vector<char*> envp;
    ChildStreams streams;
    int reportFd;
    pid_t parent;
    const std::function<void()>* inChild;
    CapabilitySet capabilities;
    Sandbox* sandbox; ///< null: none
};

/// The message in the report pipe of a child that could not start its program.
struct StartFailure {
    int reason = 0;                ///< errno
    const char* measure = nullptr; ///< static text; null: the exec itself failed
};

std::vector<char*> pointersTo(std::vector<std::string>& texts)
{
    std::vector<char*> pointers;
    pointers.reserve(texts.size() + 1);
    for (std::string& text : texts)
        pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

std::vector<std::string> environmentOf(const Command& command)
{
    std::vector<std::string> entries;
    for (const auto& [name, value] : command.env)
        entries.push_back(fmt::format("{}={}", name, value));
    if (!command.env.contains("PATH"))
        entries.push_back(fmt::format("PATH={}", kPath));
    return entries;
}

// Only async-signal-safe calls from here to the exec: locks of other threads stay locked in the child.
void resetSignals() noexcept
{
    struct sigaction action {};
    action.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; ++number)
        ::sigaction(number, &action, nullptr);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void closeAbove(int last) noexcept
{
    if (::syscall(SYS_close_range, static_cast<unsigned>(last) + 1U, ~0U, 0U) == 0)
        return;
    const long limit = ::sysconf(_SC_OPEN_MAX);
    for (int fd = last + 1; fd < limit; ++fd)
        ::close(fd);
}

/// @return null, or the measure that failed
const char* confine(const Prepared& prepared) noexcept
{
    if (prepared.sandbox != nullptr)
        return prepared.sandbox->enter();
    return keepCapabilities(prepared.capabilities) ? nullptr : "dropping capabilities";
}

[[noreturn]] void runChild(const Prepared& prepared) noexcept
{
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != prepared.parent)
        ::_exit(127); // the parent died before prctl
    resetSignals();
    const bool wired = ::dup2(prepared.streams.in, 0) == 0 && ::dup2(prepared.streams.out, 1) == 1 &&
                       ::dup2(prepared.streams.err, 2) == 2 &&
                       ::dup3(prepared.reportFd, kReportFd, O_CLOEXEC) == kReportFd;
    StartFailure failure;
    if (wired) {
        if (*prepared.inChild)
            (*prepared.inChild)();
        failure.measure = confine(prepared);
        if (failure.measure == nullptr) {
            closeAbove(kReportFd);
            ::execve(prepared.program.c_str(), prepared.argv.data(), prepared.envp.data());
        }
    }
    failure.reason = errno;
    [[maybe_unused]] const ssize_t told =
        ::write(wired ? kReportFd : prepared.reportFd, &failure, sizeof failure);
    ::_exit(127);
}

int statusCode(int status) noexcept
{
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : -1;
}

/// Nothing once the program runs.
std::optional<StartFailure> awaitExec(int fd)
{
    StartFailure failure;
    ssize_t got = -1;
    do
        got = ::read(fd, &failure, sizeof failure);
    while (got < 0 && errno == EINTR);
    return got == static_cast<ssize_t>(sizeof failure) ? std::optional(failure) : std::nullopt;
}

[[noreturn]] void throwNotStarted(const std::string& program, const StartFailure& failure)
{
    const int reason = failure.reason;
    if (failure.measure != nullptr)
        throw Error(ErrorCode::Internal,
                    fmt::format("cannot confine {}: {}: {}", program, failure.measure, std::strerror(reason)),
                    "check whether a security policy denies seccomp, prctl or capset to bmd");
    const bool absent = reason == ENOENT || reason == ENOTDIR || reason == EACCES || reason == ENOEXEC;
    throw Error(absent ? ErrorCode::NotFound : ErrorCode::Internal,
                fmt::format("cannot start {}: {}", program, std::strerror(reason)),
                absent ? "install the package that provides it, or correct the configured path" : "");
}

} // namespace

Pipe pipeAboveStdio()
{
    std::array<int, 2> ends{-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        throwErrno("making a pipe");
    Fd read(ends[0]);
    Fd write(ends[1]);
    return {aboveStdio(std::move(read)), aboveStdio(std::move(write))};
}

Fd nullAboveStdio(int flags)
{
    return aboveStdio(Fd(::open("/dev/null", flags | O_CLOEXEC)));
}

std::string resolveProgram(const std::string& program)
{
    if (program.find('/') != std::string::npos)
        return program;
    for (const char* folder : kBinFolders) {
        std::string path = fmt::format("{}/{}", folder, program);
        if (!program.empty() && ::access(path.c_str(), X_OK) == 0)
            return path;
    }
    throw Error(ErrorCode::NotFound, fmt::format("no program '{}' in {}", program, kPath),
                "install the package that provides it, or give its path");
}

ChildProcess::ChildProcess(const Command& command, const ChildStreams& streams,
                           const std::function<void()>& inChild)
{
    if (command.argv.empty())
        throw Error(ErrorCode::Internal, "a command without a program");
    std::vector<std::string> argv = command.argv;
    std::optional<Sandbox> sandbox;
    if (command.confinement)
        sandbox.emplace(*command.confinement);
    Prepared prepared{resolveProgram(command.argv.front()),
                      environmentOf(command),
                      pointersTo(argv),
                      {},
                      streams,
                      -1,
                      ::getpid(),
                      &inChild,
                      command.capabilities,
                      sandbox ? &*sandbox : nullptr};
    prepared.envp = pointersTo(prepared.environment);
    Pipe report = pipeAboveStdio();
    prepared.reportFd = report.write.get();
    pid_ = ::fork();
    if (pid_ == 0)
        runChild(prepared);
    if (pid_ < 0)
        throwErrno("fork");
    ::setpgid(pid_, pid_); // also here: a signal to the group must not come before the child's own call
    report.write = Fd();
    const std::optional<StartFailure> failure = awaitExec(report.read.get());
    pidFd_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
    if (!failure && pidFd_)
        return;
    signalGroup(SIGKILL);
    reap();
    if (!failure)
        throwErrno("pidfd_open");
    throwNotStarted(prepared.program, *failure);
}

ChildProcess::~ChildProcess()
{
    if (!reaped_)
        signalGroup(SIGKILL);
    reap();
}

bool ChildProcess::ended() const
{
    pollfd entry{pidFd_.get(), POLLIN, 0};
    return reaped_ || ::poll(&entry, 1, 0) > 0;
}

void ChildProcess::signalGroup(int signal) const noexcept
{
    if (pid_ > 0 && !reaped_)
        ::kill(-pid_, signal);
}

int ChildProcess::reap() noexcept
{
    if (reaped_ || pid_ <= 0)
        return code_;
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    reaped_ = true;
    code_ = statusCode(status);
    return code_;
}

} // namespace bm::platform

#include "images/base/confined_child.h"

#include "common/model/error.h"
#include "common/platform/child_process.h"
#include "common/text/text.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <optional>
#include <poll.h>
#include <system_error>
#include <unistd.h>

namespace bm::images {
namespace {

using model::Error;
using model::ErrorCode;

constexpr int kTickMilliseconds = 200;
constexpr std::size_t kPieceBytes = std::size_t{256} * 1024;
constexpr std::size_t kErrLimitBytes = std::size_t{8} * 1024;
constexpr int kPipeBytes = 1 << 20;

/// The read end of a pipe.
class Drain {
public:
    explicit Drain(platform::Fd fd) : fd_(std::move(fd)), buffer_(kPieceBytes) {}
    bool open() const { return static_cast<bool>(fd_); }
    int fd() const { return fd_.get(); }
    /// Reads the available bytes; an empty span at the end of the stream.
    std::span<const std::byte> read()
    {
        ssize_t count = -1;
        do
            count = ::read(fd_.get(), buffer_.data(), buffer_.size());
        while (count < 0 && errno == EINTR);
        if (count <= 0) {
            fd_ = platform::Fd();
            return {};
        }
        return std::span(buffer_).first(static_cast<std::size_t>(count));
    }

private:
    platform::Fd fd_;
    std::vector<std::byte> buffer_;
};

void append(std::string& text, std::span<const std::byte> bytes)
{
    for (const std::byte byte : bytes.first(std::min(bytes.size(), kErrLimitBytes - text.size())))
        text += static_cast<char>(byte);
}

void pump(const ChildTask& task, Drain& out, Drain& err, ChildEnd& end)
{
    std::array<pollfd, 2> entries{
        {{out.fd(), POLLIN, 0}, {err.fd(), POLLIN, 0}}}; // poll skips an entry with fd -1
    if (::poll(entries.data(), entries.size(), kTickMilliseconds) <= 0)
        return;
    if (out.open() && entries[0].revents != 0) {
        const std::span<const std::byte> bytes = out.read();
        if (!bytes.empty() && task.output)
            task.output(bytes);
    }
    if (err.open() && entries[1].revents != 0)
        append(end.err, err.read());
}

} // namespace

void throwIfOver(const model::Deadline& deadline)
{
    if (deadline.stop.stop_requested())
        throw Error(ErrorCode::Aborted, "the import was stopped", "add the image again");
    if (deadline.over())
        throw Error(ErrorCode::DeadlineExceeded, "the import exceeded its time limit",
                    "raise the import's time limit");
}

ChildEnd runChild(const ChildTask& task, const model::Deadline& deadline)
{
    platform::Pipe out = platform::pipeAboveStdio();
    platform::Pipe err = platform::pipeAboveStdio();
    ::fcntl(out.write.get(), F_SETPIPE_SZ,
            kPipeBytes); // larger pipe, fewer context switches; the default size also works
    platform::Fd input = task.inputFd < 0 ? platform::nullAboveStdio(O_RDONLY)
                                          : platform::Fd(::fcntl(task.inputFd, F_DUPFD_CLOEXEC, 4));
    platform::ChildProcess child({.argv = task.argv, .env = {{"LC_ALL", "C"}, {"MALLOC_ARENA_MAX", "2"}}},
                                 {input.get(), out.write.get(), err.write.get()});
    out.write = platform::Fd();
    err.write = platform::Fd();
    input = platform::Fd();

    Drain outDrain(std::move(out.read));
    Drain errDrain(std::move(err.read));
    ChildEnd end;
    std::chrono::steady_clock::time_point ticked{};
    while (outDrain.open() || errDrain.open()) {
        throwIfOver(deadline);
        pump(task, outDrain, errDrain, end);
        const std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now();
        if (task.tick && now - ticked >= std::chrono::milliseconds{kTickMilliseconds}) {
            ticked = now;
            task.tick();
        }
    }
    end.code = child.reap();
    end.err = std::string(text::trimmed(end.err));
    return end;
}

std::string convertHelper(const std::string& configured)
{
    if (!configured.empty())
        return configured;
    std::error_code ignored;
    std::filesystem::path folder = std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
    constexpr int kLevels = 4;
    for (int level = 0; level < kLevels && !folder.empty(); ++level, folder = folder.parent_path())
        for (const char* place : {"bm-convert", "images/bm-convert", "libexec/bm/bm-convert"})
            if (const std::filesystem::path path = folder / place; ::access(path.c_str(), X_OK) == 0)
                return path.string();
    throw Error(ErrorCode::NotFound, "the program bm-convert was not found",
                "install all of bm; bm-convert belongs in libexec/bm");
}

} // namespace bm::images

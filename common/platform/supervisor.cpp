#include "common/platform/supervisor.h"

#include "common/model/error.h"
#include "common/platform/child_process.h"
#include "common/platform/condition.h"
#include "common/platform/log.h"
#include "common/platform/wake_up.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <exception>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string_view>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace bm::platform {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr seconds kFirstDelay{1};
constexpr seconds kLongestDelay{60};
constexpr seconds kHealthyLife{60}; ///< a life this long resets the back-off
constexpr milliseconds kSupervisedGrace{2000};
constexpr std::size_t kLongestLine = 4096;

/// Splits a stream into lines, and overlong lines into pieces.
class LineReader {
public:
    explicit LineReader(Fd fd) : fd_(std::move(fd)) { ::fcntl(fd_.get(), F_SETFL, O_NONBLOCK); }
    int fd() const { return fd_.get(); }
    template <class OnLine> void drain(const OnLine& onLine)
    {
        std::array<char, 8192> buffer; // NOLINT(cppcoreguidelines-pro-type-member-init)
        for (int round = 0; fd_ && round < 64; ++round) {
            const ssize_t got = ::read(fd_.get(), buffer.data(), buffer.size());
            if (got < 0 && errno == EINTR)
                continue;
            if (got < 0 && errno == EAGAIN)
                return;
            if (got <= 0) {
                fd_ = Fd();
                break;
            }
            split({buffer.data(), static_cast<std::size_t>(got)}, onLine);
        }
        if (!fd_ && !line_.empty())
            onLine(std::exchange(line_, {}));
    }

private:
    template <class OnLine> void split(std::string_view text, const OnLine& onLine)
    {
        for (const char c : text) {
            if (c != '\n')
                line_ += c;
            if (c == '\n' || line_.size() >= kLongestLine)
                onLine(std::exchange(line_, {}));
        }
    }
    Fd fd_;
    std::string line_{};
};

} // namespace

struct Supervisor::State {
    explicit State(Service s) : service(std::move(s)) {}
    class Published;

    Service service;
    mutable std::mutex mutex{};
    Condition changed{};
    ChildProcess* child = nullptr; ///< guarded by mutex; set while it may be signalled
    std::atomic<int> starts{0};
    std::jthread thread{}; ///< last: it uses all above

    void live(const std::stop_token& stop);
    void runOnce(const std::stop_token& stop);
    void pump(ChildProcess& process, LineReader& out, LineReader& err, const std::stop_token& stop);
    void report(const std::string& line) const noexcept;
};

/// Publishes the child to other threads, which may signal it, during the object's life.
class Supervisor::State::Published {
public:
    Published(State& state, ChildProcess& process) : state_(state) { set(&process); }
    ~Published() { set(nullptr); }
    Published(const Published&) = delete;
    Published& operator=(const Published&) = delete;

private:
    void set(ChildProcess* process)
    {
        const std::lock_guard lock(state_.mutex);
        state_.child = process;
    }
    State& state_;
};

void Supervisor::State::report(const std::string& line) const noexcept
{
    try {
        if (service.onLine)
            service.onLine(line);
        else
            logInfo(service.name, "{}", line);
    } catch (const std::exception& error) {
        logError(service.name, "handling its line failed: {}", error.what());
    }
}

/// Passes lines on until the child ends. Ends it at a stop request: SIGTERM, SIGKILL after 2 s.
void Supervisor::State::pump(ChildProcess& process, LineReader& out, LineReader& err,
                             const std::stop_token& stop)
{
    const WakeUp wake;
    const std::stop_callback onStop(stop, [&wake] { wake.wake(); });
    std::optional<steady_clock::time_point> killAt;
    const auto onLine = [this](const std::string& line) { report(line); };
    while (!process.ended()) {
        std::array<pollfd, 4> entries{{{process.pidFd(), POLLIN, 0},
                                       {out.fd(), POLLIN, 0},
                                       {err.fd(), POLLIN, 0},
                                       {killAt ? -1 : wake.fd(), POLLIN, 0}}};
        ::poll(entries.data(), entries.size(), killAt ? 50 : 60'000);
        out.drain(onLine);
        err.drain(onLine);
        if (stop.stop_requested() && !killAt) {
            killAt = steady_clock::now() + kSupervisedGrace;
            process.signalGroup(SIGTERM);
        }
        if (killAt && steady_clock::now() >= *killAt)
            process.signalGroup(SIGKILL);
    }
    process.signalGroup(SIGKILL); // descendants outlive their leader
    out.drain(onLine);
    err.drain(onLine);
}

void Supervisor::State::runOnce(const std::stop_token& stop)
{
    const Fd in = nullAboveStdio(O_RDONLY);
    Pipe out = pipeAboveStdio();
    Pipe err = pipeAboveStdio();
    ChildProcess process(service.command, {in.get(), out.write.get(), err.write.get()}, service.inChild);
    out.write = Fd();
    err.write = Fd();
    LineReader outLines(std::move(out.read));
    LineReader errLines(std::move(err.read));
    ++starts;
    {
        const Published published(*this, process); // ends before the kernel can reuse the pid
        pump(process, outLines, errLines, stop);
    }
    const int code = process.reap();
    if (!stop.stop_requested())
        logWarning(service.name, "ended with {}{}; starting it again", code < 128 ? "status " : "signal ",
                   code < 128 ? code : code - 128);
}

void Supervisor::State::live(const std::stop_token& stop)
{
    seconds delay = kFirstDelay;
    while (!stop.stop_requested()) {
        const steady_clock::time_point began = steady_clock::now();
        try {
            runOnce(stop);
        } catch (const std::exception& error) {
            logError(service.name, "{}", error.what());
        }
        if (steady_clock::now() - began >= kHealthyLife)
            delay = kFirstDelay;
        std::unique_lock lock(mutex);
        changed.wait_for(lock, stop, delay, [] { return false; });
        delay = std::min(delay * 2, kLongestDelay);
    }
}

Supervisor::Supervisor(Service service) : state_(std::make_unique<State>(std::move(service))) {}

Supervisor::~Supervisor()
{
    stop();
}

void Supervisor::start()
{
    if (state_->thread.joinable())
        return;
    if (state_->service.command.argv.empty())
        throw model::Error(model::ErrorCode::Internal,
                           state_->service.name + ": a service without a program");
    resolveProgram(state_->service.command.argv.front()); // throws to the caller when it is missing
    State* state = state_.get();
    state->thread = std::jthread([state](const std::stop_token& stop) { state->live(stop); });
}

void Supervisor::stop()
{
    if (!state_->thread.joinable())
        return;
    state_->thread.request_stop();
    state_->thread.join();
}

void Supervisor::signal(int signal)
{
    const std::lock_guard lock(state_->mutex);
    if (state_->child != nullptr)
        ::kill(state_->child->pid(), signal);
}

bool Supervisor::running() const
{
    return pid() != 0;
}

int Supervisor::restarts() const
{
    return std::max(0, state_->starts.load() - 1);
}

int Supervisor::pid() const
{
    const std::lock_guard lock(state_->mutex);
    return state_->child != nullptr && !state_->child->ended() ? static_cast<int>(state_->child->pid()) : 0;
}

} // namespace bm::platform

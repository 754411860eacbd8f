#include "agent/relay/relay_server.h"

#include "agent/relay/frame_restorer.h"
#include "agent/relay/relay_child.h"
#include "common/model/error.h"
#include "common/platform/files.h"

#include <algorithm>
#include <arpa/inet.h>
#include <atomic>
#include <cerrno>
#include <fmt/format.h>
#include <list>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <set>
#include <sys/socket.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace bm::agent {

using model::Error;
using model::ErrorCode;
using platform::Fd;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kMostConnections = 64;
constexpr int kBacklog = 32;
constexpr std::chrono::milliseconds kTick{200};
constexpr int kUnsentBytes = 128 * 1024;
constexpr auto kSlowAfter = 700ms; ///< after this wait for memory the disk counts as slow
constexpr auto kDiskWindow = 2s;
constexpr int kHeldBackAlone = 2;
constexpr int kHeldBack = 3;       ///< the other nodes' rate may be 4 s old
constexpr double kSlowPart = 0.75; ///< share of the other nodes' rate
constexpr std::size_t kReadAhead = 2;

Fd listenAt(const std::string& address, std::uint16_t port)
{
    sockaddr_in6 at{};
    at.sin6_family = AF_INET6;
    at.sin6_port = htons(port);
    const std::string text = address.find(':') == std::string::npos ? "::ffff:" + address : address;
    ::inet_pton(AF_INET6, text.c_str(), &at.sin6_addr);
    Fd fd(::socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const int yes = 1;
    const int no = 0;
    if (!fd || ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no) != 0 ||
        ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 ||
        ::listen(fd.get(), kBacklog) != 0)
        return Fd();
    return fd;
}

/// For a machine with IPv6 disabled.
Fd listenAtV4(std::uint16_t port)
{
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const int yes = 1;
    if (!fd || ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 ||
        ::listen(fd.get(), kBacklog) != 0)
        return Fd();
    return fd;
}

std::string nameOf(const sockaddr_in6& at)
{
    std::array<char, INET6_ADDRSTRLEN> text{};
    ::inet_ntop(AF_INET6, &at.sin6_addr, text.data(), text.size());
    std::string name = text.data();
    return name.starts_with("::ffff:") ? name.substr(7) : name;
}

} // namespace

struct RelayServer::State {
    State(const images::Manifest& m, FrameStore& s, RelayCopy& c, AgentLog& l, const platform::WakeUp& w,
          const Settings& settings)
        : manifest(m), store(s), copy(c), log(l), changes(w), mostChildren(settings.mostChildren), restorer(s)
    {
        listen(settings);
        help.admit = [this](const RelayHello& hello) {
            return copy.knows(hello.token) && hello.contentId == contentId;
        };
        help.blocks = [this] { return manifest.blocks.size(); };
        help.isHole = [this](std::size_t block) { return manifest.blocks[block].hole; };
        help.find = [this](std::size_t block) { return find(block); };
        help.fetch = [this](std::size_t block) { fetch(block); };
        help.lost = [this](std::size_t block) { return lost.contains(block) || restorer.isWrong(block); };
        help.gone = [this](std::size_t block) { return restorer.isGone(block); };
        help.cautious = [this] { return cautious; };
        help.served = [this](std::uint64_t bytes) { copy.served(bytes); };
        contentId = manifest.contentId();
        copy.listening(port);
        thread = std::jthread([this](const std::stop_token& stop) { run(stop); });
    }
    ~State()
    {
        thread.request_stop();
        changes.wake();
        thread = {};
        copy.listening(0);
    }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    void listen(const Settings& settings);
    FramePtr find(std::size_t block);
    void fetch(std::size_t block);
    void run(const std::stop_token& stop);
    void waitForSomething();
    void acceptAll();
    void serveAll();
    void serve(bool yielding, bool hold);
    void announceSlowDisk();
    void diskInUse();
    Clock::duration diskUsedFor(Clock::time_point now);
    void judgeDisk(Clock::time_point now);
    void dismissWhenSlow();
    void sendRetractions();

    const images::Manifest& manifest;
    FrameStore& store;
    RelayCopy& copy;
    AgentLog& log;
    const platform::WakeUp& changes;
    std::size_t mostChildren;
    std::string contentId;
    FrameRestorer restorer;
    RelayChild::Help help;
    Fd listener;
    std::uint16_t port = 0;
    std::list<RelayChild> children;
    std::vector<pollfd> polled;
    std::mutex mutex;
    std::vector<std::size_t> retracted;            ///< under mutex
    std::optional<Clock::time_point> diskUsedFrom; ///< under mutex; no measurement before it
    std::set<std::size_t> lost; ///< failed verification, not yet received again; the poll loop's
    bool cautious = false;      ///< a block failed verification; the poll loop's
    std::atomic<std::size_t> wanting{0};
    Clock::time_point diskWindowBegan = Clock::now();
    FrameStore::Intake diskWindow{}; ///< the state at its begin
    int heldBackWindows = 0;
    std::jthread thread;
};

void RelayServer::State::listen(const Settings& settings)
{
    for (const std::uint16_t wanted : {settings.port, std::uint16_t{0}}) {
        listener = listenAt(settings.address, wanted);
        if (!listener && settings.address == "::")
            listener = listenAtV4(wanted);
        if (listener)
            break;
    }
    if (!listener)
        throw Error(ErrorCode::Unavailable,
                    "no port for the relay: " + std::generic_category().message(errno));
    sockaddr_in6 at{};
    socklen_t length = sizeof at;
    ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&at), &length);
    port = ntohs(at.sin6_port); // sockaddr_in has the port at the same offset
}

FramePtr RelayServer::State::find(std::size_t block)
{
    FramePtr frame = store.find(block);
    if (!frame || frame->state() == StoredFrame::State::Bad || frame->state() == StoredFrame::State::Broken)
        return {};
    lost.erase(block);
    return frame;
}

void RelayServer::State::fetch(std::size_t block)
{
    if (!restorer.ask(block))
        return;
    for (std::size_t ahead = block + 1, asked = 0; ahead < manifest.blocks.size() && asked < kReadAhead;
         ++ahead) {
        if (manifest.blocks[ahead].hole)
            continue;
        ++asked;
        if (!store.find(ahead))
            restorer.ask(ahead);
    }
}

void RelayServer::State::run(const std::stop_token& stop)
{
    Clock::time_point lastTick = Clock::now();
    while (!stop.stop_requested()) {
        waitForSomething();
        changes.clear();
        sendRetractions();
        dismissWhenSlow();
        serveAll();
        if (const auto now = Clock::now(); now - lastTick >= kTick) {
            lastTick = now;
            judgeDisk(now);
            for (RelayChild& child : children)
                child.tick(help, now);
        }
        acceptAll();
        std::erase_if(children, [](const RelayChild& child) { return child.over(); });
        const auto count = static_cast<std::size_t>(
            std::ranges::count_if(children, [](const RelayChild& child) { return child.wantsBlocks(); }));
        copy.children(static_cast<std::uint32_t>(count));
        wanting = static_cast<std::size_t>(std::ranges::count_if(
            children, [](const RelayChild& child) { return child.wantsBlocks() && !child.yields(); }));
    }
    for (RelayChild& child : children) {
        child.bye(RelayBye::Ending);
        child.send(help, Clock::now());
    }
    children.clear();
}

void RelayServer::State::waitForSomething()
{
    polled.clear();
    polled.push_back({changes.fd(), POLLIN, 0});
    polled.push_back({listener.get(), POLLIN, 0});
    for (const RelayChild& child : children)
        polled.push_back(
            {child.fd(), static_cast<short>(child.wantsToSend() ? POLLIN | POLLOUT : POLLIN), 0});
    ::poll(polled.data(), polled.size(), static_cast<int>(kTick.count()));
}

void RelayServer::State::serveAll()
{
    std::size_t at = 2;
    for (RelayChild& child : children)
        if (at < polled.size() && (polled[at++].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
            child.receive(help);
    serve(false, false);
    const bool full = std::ranges::any_of( // the link is full, and a downstream disk is faster
        children, [](const RelayChild& child) { return !child.yields() && child.wantsToSend(); });
    serve(true, full);
}

/// Sends to the nodes with a slow disk (@p yielding), or to the others. @p hold: announced bytes only
void RelayServer::State::serve(bool yielding, bool hold)
{
    const Clock::time_point now = Clock::now();
    std::size_t at = 2;
    for (RelayChild& child : children) {
        const short events = at < polled.size() ? polled[at++].revents : short{0};
        if (child.yields() != yielding || child.over() || (child.wantsToSend() && (events & POLLOUT) == 0))
            continue;
        if (hold)
            child.hold(help, now);
        else
            child.send(help, now);
    }
}

void RelayServer::State::diskInUse()
{
    const std::scoped_lock lock(mutex);
    if (!diskUsedFrom)
        diskUsedFrom = Clock::now();
}

/// 0 while the node still creates its file systems.
Clock::duration RelayServer::State::diskUsedFor(Clock::time_point now)
{
    const std::scoped_lock lock(mutex);
    return diskUsedFrom ? now - *diskUsedFrom : Clock::duration{};
}

/// A disk is also slow when its rate stays below half of the source's rate for seconds, and below the other
/// nodes' rate if that is known. When all disks are slower than the link, none counts as slow.
void RelayServer::State::judgeDisk(Clock::time_point now)
{
    const Clock::duration span = now - diskWindowBegan;
    if (span < kDiskWindow)
        return;
    const FrameStore::Intake intake = store.intake();
    if (diskUsedFor(now) < span) {
        diskWindowBegan = now;
        diskWindow = intake;
        return;
    }
    const std::uint64_t others = copy.plan().bytesPerSecond;
    const double rate =
        static_cast<double>(intake.bytes - diskWindow.bytes) / std::chrono::duration<double>(span).count();
    const bool heldBack = (intake.waited - diskWindow.waited) * 2 > span &&
                          (others == 0 || rate < static_cast<double>(others) * kSlowPart);
    heldBackWindows = heldBack ? heldBackWindows + 1 : 0;
    diskWindowBegan = now;
    diskWindow = intake;
    if (heldBackWindows >= (others == 0 ? kHeldBackAlone : kHeldBack))
        announceSlowDisk();
}

void RelayServer::State::announceSlowDisk()
{
    if (copy.isSlow())
        return;
    log.info("this disk is too slow: the downstream nodes use another source");
    copy.slow(true);
}

void RelayServer::State::acceptAll()
{
    if ((polled[1].revents & POLLIN) == 0)
        return;
    for (;;) {
        sockaddr_in6 from{};
        socklen_t length = sizeof from;
        Fd fd(::accept4(listener.get(), reinterpret_cast<sockaddr*>(&from), &length,
                        SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!fd)
            return;
        if (children.size() >= kMostConnections)
            continue;
        const int yes = 1;
        ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kUnsentBytes, sizeof kUnsentBytes);
        const auto admitted = static_cast<std::size_t>(
            std::ranges::count_if(children, [](const RelayChild& child) { return child.admitted(); }));
        RelayChild& child = children.emplace_back(std::move(fd), nameOf(from), Clock::now());
        if (admitted >= mostChildren)
            child.bye(RelayBye::Full);
    }
}

/// Disconnects nodes that wait for a block without memory for it. Keeps nodes whose blocks are in memory.
void RelayServer::State::dismissWhenSlow()
{
    const auto waiting = store.waiting();
    if (waiting && std::min(*waiting, diskUsedFor(Clock::now())) > kSlowAfter)
        announceSlowDisk();
    if (!copy.isSlow() || !waiting)
        return;
    for (RelayChild& child : children)
        if (child.starving())
            child.bye(RelayBye::Slow);
}

void RelayServer::State::sendRetractions()
{
    std::vector<std::size_t> blocks;
    {
        const std::scoped_lock lock(mutex);
        blocks.swap(retracted);
    }
    for (const std::size_t block : blocks) {
        lost.insert(block);
        for (RelayChild& child : children)
            child.retract(block);
    }
    if (blocks.empty() || cautious)
        return;
    cautious = true; // its source may have sent more wrong blocks than this node has verified
    for (RelayChild& child : children)
        child.retractUnverified(help);
}

RelayServer::RelayServer(const images::Manifest& manifest, FrameStore& store, RelayCopy& copy, AgentLog& log,
                         const platform::WakeUp& changes, const Settings& settings)
    : state_(std::make_unique<State>(manifest, store, copy, log, changes, settings))
{}

RelayServer::~RelayServer() = default;

std::uint16_t RelayServer::port() const
{
    return state_->port;
}

void RelayServer::restoreFrom(DroppedFrames* frames)
{
    state_->restorer.use(frames);
    state_->diskInUse();
    state_->changes.wake();
}

void RelayServer::retract(std::size_t block)
{
    {
        const std::scoped_lock lock(state_->mutex);
        state_->retracted.push_back(block);
    }
    state_->changes.wake();
}

std::size_t RelayServer::children() const
{
    return state_->wanting;
}

} // namespace bm::agent

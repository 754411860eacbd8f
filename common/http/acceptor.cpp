#include "common/http/acceptor.h"

#include "common/http/head.h"
#include "common/http/listen.h"
#include "common/model/error.h"
#include "common/platform/log.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

namespace bm::http {
namespace {

constexpr std::size_t kHeadLimit = std::size_t{32} * 1024;
constexpr std::chrono::milliseconds kLinger{2'000};
constexpr std::chrono::milliseconds kAcceptPause{100};
constexpr std::string_view kBusy =
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\n"
    "Connection: close\r\n\r\n";

/// The acceptor also waits for bodies up to this size; a worker waits for larger ones only.
constexpr std::size_t kBodyLimit = std::size_t{64} * 1024;

/// True if a worker can answer the connection, with a refusal where the head is too long.
bool isReady(const std::string& input)
{
    const std::size_t wanted = requestLength(input, kBodyLimit);
    return wanted == 0 ? input.size() > kHeadLimit : input.size() >= wanted;
}

std::chrono::steady_clock::time_point now()
{
    return std::chrono::steady_clock::now();
}

} // namespace

Acceptor::Acceptor(const ListenerConfig& config, OnReady onReady)
    : config_(config), onReady_(std::move(onReady))
{
    if (!config_.certificateFile.empty())
        tls_.emplace(config_.certificateFile, config_.keyFile);
}

Acceptor::~Acceptor()
{
    stop();
}

void Acceptor::start()
{
    listener_ = listenOn(config_.address, config_.port);
    port_ = localPortOf(listener_.get());
    poller_.watch(listener_.get(), POLLIN);
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Acceptor::stop()
{
    if (thread_.joinable()) {
        thread_.request_stop();
        poller_.wake();
        thread_.join();
    }
    pending_.clear();
    deadlines_.clear();
    fresh_.lock()->clear();
    listener_ = platform::Fd();
}

void Acceptor::giveBack(std::unique_ptr<Connection> connection)
{
    const bool empty = connection->input.empty();
    const Time until = now() + (empty ? config_.idleTimeout : config_.headerDeadline);
    fresh_.lock()->push_back({std::move(connection), empty ? Phase::Idle : Phase::Head, until});
    poller_.wake();
}

void Acceptor::close(std::unique_ptr<Connection> connection)
{
    connection->finish();
    if (connection->broken)
        return;
    fresh_.lock()->push_back({std::move(connection), Phase::Lingering, now() + kLinger});
    poller_.wake();
}

void Acceptor::run(const std::stop_token& stop)
{
    while (!stop.stop_requested()) {
        poller_.wait(untilNext(), [this](int fd) { fd == listener_.get() ? accept() : serve(fd); });
        admitFresh();
        evictLate();
    }
}

std::chrono::milliseconds Acceptor::untilNext() const
{
    Time next = now() + std::chrono::seconds{60};
    if (!deadlines_.empty())
        next = std::min(next, deadlines_.begin()->first);
    if (acceptAgainAt_)
        next = std::min(next, *acceptAgainAt_);
    return std::chrono::ceil<std::chrono::milliseconds>(next - now());
}

void Acceptor::accept()
{
    for (int i = 0; i < 64; ++i) {
        platform::Fd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (socket) {
            open(std::move(socket));
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            platform::logWarning("http", "cannot accept a connection: {}", std::strerror(errno)); // NOLINT
            poller_.forget(listener_.get());
            acceptAgainAt_ = now() + kAcceptPause;
        }
        if (errno != ECONNABORTED && errno != EINTR)
            return;
    }
}

void Acceptor::open(platform::Fd socket)
{
    const std::string peer = peerAddressOf(socket.get());
    if (peer.empty())
        return; // the peer closed it
    if (!makeRoom(peer)) {
        refuse(socket);
        return;
    }
    const int yes = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    SslPtr ssl = tls_ ? tls_->accept(socket.get()) : nullptr;
    PendingConnection pending;
    pending.phase = ssl ? Phase::Handshake : Phase::Head;
    pending.until = now() + config_.headerDeadline;
    pending.connection = std::make_unique<Connection>(std::move(socket), peer, admission_.enter(peer),
                                                      std::move(ssl), stopSignal_.fd());
    admit(std::move(pending));
}

/// Closes a pending connection where a limit is reached: idle ones first, then the one that waits longest for
/// its head. @return false: none can be closed
bool Acceptor::makeRoom(const std::string& peer)
{
    const bool clientFull = admission_.of(peer) >= config_.maxConnectionsPerClient;
    if (!clientFull && admission_.total() < config_.maxConnections)
        return true;
    const PendingConnection* candidate = nullptr;
    const auto rank = [](const PendingConnection& pending) {
        const int phase = pending.phase == Phase::Lingering ? 0 : pending.phase == Phase::Idle ? 1 : 2;
        return std::make_pair(phase, pending.until);
    };
    for (const auto& [fd, pending] : pending_)
        if ((!clientFull || pending.connection->peer() == peer) &&
            (candidate == nullptr || rank(pending) < rank(*candidate)))
            candidate = &pending;
    if (candidate == nullptr)
        return false;
    remove(candidate->connection->fd());
    return true;
}

void Acceptor::refuse(const platform::Fd& socket)
{
    if (!tls_) {
        std::array<char, 4096> ignored{};
        ::send(socket.get(), kBusy.data(), kBusy.size(), MSG_NOSIGNAL);
        ::shutdown(socket.get(), SHUT_WR);
        ::recv(socket.get(), ignored.data(), ignored.size(),
               0); // with unread bytes the kernel would send a reset instead of the answer
    }
}

void Acceptor::admitFresh()
{
    std::vector<PendingConnection> fresh;
    fresh_.lock()->swap(fresh);
    for (PendingConnection& pending : fresh)
        admit(std::move(pending));
}

void Acceptor::admit(PendingConnection pending)
{
    const int fd = pending.connection->fd();
    const bool ready = pending.phase == Phase::Head && isReady(pending.connection->input);
    deadlines_.emplace(pending.until, fd);
    pending_.insert_or_assign(fd, std::move(pending));
    if (ready)
        handOver(fd);
    else
        serve(fd); // poll(2) does not report bytes that TLS has decrypted already
}

Acceptor::PendingConnection Acceptor::remove(int fd)
{
    poller_.forget(fd);
    PendingConnection pending = std::move(pending_.extract(fd).mapped());
    deadlines_.erase({pending.until, fd});
    return pending;
}

void Acceptor::handOver(int fd)
{
    onReady_(std::move(remove(fd).connection));
}

void Acceptor::serve(int fd)
{
    const auto found = pending_.find(fd);
    if (found == pending_.end())
        return;
    PendingConnection& pending = found->second;
    Connection& connection = *pending.connection;
    if (pending.phase == Phase::Handshake) {
        const IoResult result = connection.handshake();
        if (result.io == Io::Closed)
            connection.broken = true;
        if (result.io == Io::Done)
            pending.phase = Phase::Head;
    }
    if (pending.phase != Phase::Handshake)
        readMore(pending);
    if (connection.broken)
        remove(fd);
    else if (pending.phase == Phase::Head && isReady(connection.input))
        handOver(fd);
    else
        poller_.watch(fd, connection.wants());
}

void Acceptor::readMore(PendingConnection& pending)
{
    Connection& connection = *pending.connection;
    std::array<char, 8192> piece{};
    for (;;) {
        const IoResult result = connection.read(piece);
        if (result.io == Io::Closed)
            connection.broken = true; // the peer closed it; half a head is useless
        if (result.io != Io::Done)
            return;
        if (pending.phase == Phase::Lingering)
            continue;
        if (pending.phase == Phase::Idle) { // its next request begins: the head's deadline applies
            deadlines_.erase({pending.until, connection.fd()});
            pending.phase = Phase::Head;
            pending.until = now() + config_.headerDeadline;
            deadlines_.emplace(pending.until, connection.fd());
        }
        connection.input.append(piece.data(), result.count);
        if (isReady(connection.input))
            return;
    }
}

void Acceptor::evictLate()
{
    const Time time = now();
    while (!deadlines_.empty() && deadlines_.begin()->first <= time) {
        const PendingConnection pending = remove(deadlines_.begin()->second);
        if (pending.phase == Phase::Handshake || pending.phase == Phase::Head)
            platform::logDebug("http", "{} sent no whole request in time: dropped",
                               pending.connection->peer());
    }
    if (acceptAgainAt_ && *acceptAgainAt_ <= time) {
        acceptAgainAt_.reset();
        poller_.watch(listener_.get(), POLLIN);
    }
}

} // namespace bm::http

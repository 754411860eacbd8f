#include "common/http/reception.h"

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

/// Small bodies are waited for here as well: a worker waits for large ones only.
constexpr std::size_t kBodyLimit = std::size_t{64} * 1024;

/// Whether a worker can take it on: to answer, or to say that the head is too long.
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

Reception::Reception(const ListenerConfig& config, OnReady onReady)
    : config_(config), onReady_(std::move(onReady))
{
    if (!config_.certificateFile.empty())
        tls_.emplace(config_.certificateFile, config_.keyFile);
}

Reception::~Reception()
{
    stop();
}

void Reception::start()
{
    listener_ = listenOn(config_.address, config_.port);
    port_ = localPortOf(listener_.get());
    poller_.watch(listener_.get(), POLLIN);
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Reception::stop()
{
    if (thread_.joinable()) {
        thread_.request_stop();
        poller_.wake();
        thread_.join();
    }
    guests_.clear();
    deadlines_.clear();
    fresh_.lock()->clear();
    listener_ = platform::Fd();
}

void Reception::giveBack(std::unique_ptr<Connection> connection)
{
    const bool empty = connection->input.empty();
    const Time until = now() + (empty ? config_.idleTimeout : config_.headerDeadline);
    fresh_.lock()->push_back({std::move(connection), empty ? Phase::Idle : Phase::Head, until});
    poller_.wake();
}

void Reception::close(std::unique_ptr<Connection> connection)
{
    connection->finish();
    if (connection->broken)
        return;
    fresh_.lock()->push_back({std::move(connection), Phase::Lingering, now() + kLinger});
    poller_.wake();
}

void Reception::run(const std::stop_token& stop)
{
    while (!stop.stop_requested()) {
        poller_.wait(untilNext(), [this](int fd) { fd == listener_.get() ? accept() : serve(fd); });
        takeNew();
        evictLate();
    }
}

std::chrono::milliseconds Reception::untilNext() const
{
    Time next = now() + std::chrono::seconds{60};
    if (!deadlines_.empty())
        next = std::min(next, deadlines_.begin()->first);
    if (acceptAgainAt_)
        next = std::min(next, *acceptAgainAt_);
    return std::chrono::ceil<std::chrono::milliseconds>(next - now());
}

void Reception::accept()
{
    for (int i = 0; i < 64; ++i) {
        platform::Fd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (socket) {
            welcome(std::move(socket));
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

void Reception::welcome(platform::Fd socket)
{
    const std::string peer = peerAddressOf(socket.get());
    if (peer.empty())
        return; // gone already
    if (!makeRoom(peer)) {
        refuse(socket);
        return;
    }
    const int yes = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    SslPtr ssl = tls_ ? tls_->accept(socket.get()) : nullptr;
    Guest guest;
    guest.phase = ssl ? Phase::Handshake : Phase::Head;
    guest.until = now() + config_.headerDeadline;
    guest.connection = std::make_unique<Connection>(std::move(socket), peer, admission_.enter(peer),
                                                    std::move(ssl), stopSignal_.fd());
    seat(std::move(guest));
}

/// Below the limits, or one of those who wait here had to go: the idle first, then who is longest at its
/// head.
bool Reception::makeRoom(const std::string& peer)
{
    const bool clientFull = admission_.of(peer) >= config_.maxConnectionsPerClient;
    if (!clientFull && admission_.total() < config_.maxConnections)
        return true;
    const Guest* candidate = nullptr;
    const auto rank = [](const Guest& guest) {
        const int phase = guest.phase == Phase::Lingering ? 0 : guest.phase == Phase::Idle ? 1 : 2;
        return std::make_pair(phase, guest.until);
    };
    for (const auto& [fd, guest] : guests_)
        if ((!clientFull || guest.connection->peer() == peer) &&
            (candidate == nullptr || rank(guest) < rank(*candidate)))
            candidate = &guest;
    if (candidate == nullptr)
        return false;
    remove(candidate->connection->fd());
    return true;
}

void Reception::refuse(const platform::Fd& socket)
{
    if (!tls_) {
        std::array<char, 4096> ignored{};
        ::send(socket.get(), kBusy.data(), kBusy.size(), MSG_NOSIGNAL);
        ::shutdown(socket.get(), SHUT_WR);
        ::recv(socket.get(), ignored.data(), ignored.size(),
               0); // unread bytes would turn the answer into a reset
    }
}

void Reception::takeNew()
{
    std::vector<Guest> fresh;
    fresh_.lock()->swap(fresh);
    for (Guest& guest : fresh)
        seat(std::move(guest));
}

void Reception::seat(Guest guest)
{
    const int fd = guest.connection->fd();
    const bool ready = guest.phase == Phase::Head && isReady(guest.connection->input);
    deadlines_.emplace(guest.until, fd);
    guests_.insert_or_assign(fd, std::move(guest));
    if (ready)
        pass(fd);
    else
        serve(fd); // what has already arrived, or sits decrypted in TLS, makes no event
}

Reception::Guest Reception::remove(int fd)
{
    poller_.forget(fd);
    Guest guest = std::move(guests_.extract(fd).mapped());
    deadlines_.erase({guest.until, fd});
    return guest;
}

void Reception::pass(int fd)
{
    onReady_(std::move(remove(fd).connection));
}

void Reception::serve(int fd)
{
    const auto found = guests_.find(fd);
    if (found == guests_.end())
        return;
    Guest& guest = found->second;
    Connection& connection = *guest.connection;
    if (guest.phase == Phase::Handshake) {
        const IoResult result = connection.handshake();
        if (result.io == Io::Closed)
            connection.broken = true;
        if (result.io == Io::Done)
            guest.phase = Phase::Head;
    }
    if (guest.phase != Phase::Handshake)
        readMore(guest);
    if (connection.broken)
        remove(fd);
    else if (guest.phase == Phase::Head && isReady(connection.input))
        pass(fd);
    else
        poller_.watch(fd, connection.wants());
}

void Reception::readMore(Guest& guest)
{
    Connection& connection = *guest.connection;
    std::array<char, 8192> piece{};
    for (;;) {
        const IoResult result = connection.read(piece);
        if (result.io == Io::Closed)
            connection.broken = true; // the peer ended; a half-sent head is of no use
        if (result.io != Io::Done)
            return;
        if (guest.phase == Phase::Lingering)
            continue;
        if (guest.phase == Phase::Idle) { // its next request begins: from now on the head's deadline holds
            deadlines_.erase({guest.until, connection.fd()});
            guest.phase = Phase::Head;
            guest.until = now() + config_.headerDeadline;
            deadlines_.emplace(guest.until, connection.fd());
        }
        connection.input.append(piece.data(), result.count);
        if (isReady(connection.input))
            return;
    }
}

void Reception::evictLate()
{
    const Time time = now();
    while (!deadlines_.empty() && deadlines_.begin()->first <= time) {
        const Guest guest = remove(deadlines_.begin()->second);
        if (guest.phase == Phase::Handshake || guest.phase == Phase::Head)
            platform::logDebug("http", "{} sent no whole request in time: dropped", guest.connection->peer());
    }
    if (acceptAgainAt_ && *acceptAgainAt_ <= time) {
        acceptAgainAt_.reset();
        poller_.watch(listener_.get(), POLLIN);
    }
}

} // namespace bm::http

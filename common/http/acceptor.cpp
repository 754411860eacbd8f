#include "common/http/acceptor.h"

#include "common/http/incoming.h"
#include "common/http/listen.h"
#include "common/http/proxy/proxy_header.h"
#include "common/model/error.h"
#include "common/platform/log.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <tuple>

namespace bm::http {
namespace {

constexpr std::size_t kTurn =
    std::size_t{256} * 1024; ///< read from one client before the loop serves the next
constexpr std::chrono::milliseconds kLinger{2'000};
constexpr std::chrono::milliseconds kAcceptPause{100};
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::string_view kBusy =
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\n"
    "Connection: close\r\n\r\n";

std::chrono::steady_clock::time_point now()
{
    return std::chrono::steady_clock::now();
}

} // namespace

Acceptor::Acceptor(const ListenerConfig& config, OnReady onReady, OnRefuse onRefuse)
    : config_(config), onReady_(std::move(onReady)), onRefuse_(std::move(onRefuse))
{
    if (!config_.certificateFile.empty())
        tls_.emplace(config_.certificateFile, config_.keyFile);
}

Acceptor::~Acceptor()
{
    stop();
}

void Acceptor::bind()
{
    listener_ = listenOn(config_.address, config_.port);
    port_ = localPortOf(listener_.get());
}

void Acceptor::start()
{
    if (!listener_)
        bind();
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
    if (empty)
        std::string().swap(connection->input); // an idle connection holds no memory
    connection->held = ByteBudget::Share(unproved_);
    if (config_.proxies.contain(connection->peer())) // its next request may be another client's
        if (const std::string proxy = clientOf(connection->peer()); connection->ticket().client() != proxy)
            connection->recount(admission_.enter(proxy));
    const Time time = now();
    const std::size_t bytes = connection->input.size();
    fresh_.lock()->push_back({.connection = std::move(connection),
                              .phase = empty ? Phase::Idle : Phase::Head,
                              .until = time + (empty ? config_.idleTimeout : config_.headerDeadline),
                              .since = time,
                              .bytes = bytes});
    poller_.wake();
}

void Acceptor::receiveBody(std::unique_ptr<Connection> connection)
{
    IncomingRequest& request = *connection->request;
    if (request.head.expectsContinue && request.body.empty() && connection->input.empty() &&
        connection->writeSome(kContinue) != kContinue.size())
        return; // its socket is full of answers: it does not wait for this one
    connection->held = {};
    request.admitted = true;
    const Time time = now();
    fresh_.lock()->push_back({.connection = std::move(connection),
                              .phase = Phase::Body,
                              .until = time + config_.stallWindow,
                              .since = time});
    poller_.wake();
}

void Acceptor::close(std::unique_ptr<Connection> connection)
{
    connection->finish();
    if (connection->broken)
        return;
    fresh_.lock()->push_back({.connection = std::move(connection),
                              .phase = Phase::Lingering,
                              .until = now() + kLinger,
                              .since = {}});
    poller_.wake();
}

void Acceptor::run(const std::stop_token& stop)
{
    while (!stop.stop_requested()) {
        std::vector<int> unread;
        unread.swap(unread_);
        poller_.wait(unread.empty() ? untilNext() : std::chrono::milliseconds{0},
                     [this](int fd) { fd == listener_.get() ? accept() : serve(fd); });
        for (const int fd : unread)
            serve(fd);
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
    const std::string client = clientOf(peer);
    const bool proxy = config_.proxies.contain(peer);
    if (!makeRoom(client, proxy)) {
        refuse(socket);
        return;
    }
    const int yes = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    SslPtr ssl = tls_ ? tls_->accept(socket.get()) : nullptr;
    PendingConnection pending;
    pending.phase = ssl ? Phase::Handshake : Phase::Head;
    if (proxy && config_.proxies.proxyProtocol)
        pending.phase = Phase::Preface;
    pending.since = now();
    pending.until = pending.since + config_.headerDeadline;
    pending.connection = std::make_unique<Connection>(std::move(socket), peer, admission_.enter(client),
                                                      std::move(ssl), stopSignal_.fd());
    pending.connection->held = ByteBudget::Share(unproved_);
    pending.connection->owner = client;
    admit(std::move(pending));
}

/// Closes a pending connection where a limit is reached. A trusted @p proxy has no limit of its own.
/// @return false: none can be closed
bool Acceptor::makeRoom(const std::string& client, bool proxy)
{
    if (!proxy && admission_.of(client) >= config_.maxConnectionsPerClient)
        return evictOne(client);
    return admission_.total() < config_.maxConnections || evictOne({});
}

/// Counts the connection for @p client, as a trusted proxy names it. @return false: the client has as many
/// connections as it may, and none can be closed
bool Acceptor::countFor(Connection& connection, const ForwardedClient& client)
{
    const std::string name = clientOf(client.address);
    if (connection.ticket().client() == name)
        return true;
    if (!config_.proxies.contain(client.address) && admission_.of(name) >= config_.maxConnectionsPerClient &&
        !evictOne(name))
        return false;
    connection.recount(admission_.enter(name));
    return true;
}

/// Closes a pending connection of @p client ("": of anyone): one that has its answer, else one of a
/// client that is not authenticated, and of these one of the client with most connections. Of that client it
/// closes an idle one, else the one that has waited longest for its request. @return false: none can be
/// closed
bool Acceptor::evictOne(const std::string& client)
{
    const auto rank = [](const PendingConnection& pending) {
        const bool answered = pending.phase == Phase::Lingering;
        const int siblings = answered ? 0 : pending.connection->ticket().count();
        return std::make_tuple(!answered, pending.connection->proved, -siblings, pending.phase != Phase::Idle,
                               pending.until);
    };
    const PendingConnection* candidate = nullptr;
    for (const auto& [fd, pending] : pending_)
        if ((client.empty() || pending.connection->ticket().client() == client) &&
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
    deadlines_.emplace(pending.until, fd);
    pending_.insert_or_assign(fd, std::move(pending));
    serve(fd); // poll(2) does not report bytes that TLS has decrypted, or that came with the last request
}

Acceptor::PendingConnection Acceptor::remove(int fd)
{
    poller_.forget(fd);
    PendingConnection pending = std::move(pending_.extract(fd).mapped());
    deadlines_.erase({pending.until, fd});
    return pending;
}

void Acceptor::wait(PendingConnection& pending, Phase phase, std::chrono::milliseconds span)
{
    deadlines_.erase({pending.until, pending.connection->fd()});
    pending.phase = phase;
    pending.until = now() + span;
    deadlines_.emplace(pending.until, pending.connection->fd());
}

void Acceptor::serve(int fd)
{
    const auto found = pending_.find(fd);
    if (found == pending_.end())
        return;
    PendingConnection& pending = found->second;
    Connection& connection = *pending.connection;
    After after = pending.phase == Phase::Preface ? receivePreface(pending) : After::GoOn;
    if (after == After::GoOn && pending.phase == Phase::Handshake) {
        const IoResult result = connection.handshake();
        if (result.io == Io::Done)
            pending.phase = Phase::Head;
        else
            after = result.io == Io::Again ? After::Wait : After::Gone;
    }
    if (after == After::GoOn)
        after = receive(pending);
    countHeld(pending);
    if (after == After::Gone)
        remove(fd);
    else if (after == After::Ready)
        onReady_(remove(fd).connection);
    else
        poller_.watch(fd, after == After::GoOn ? short{POLLIN} : connection.wants());
    if (after == After::GoOn)
        unread_.push_back(fd); // its next bytes wait for the other clients
    if (unproved_.used() > config_.unprovedBytes)
        shedSlowest();
}

/// Takes the PROXY protocol header of a trusted proxy, and not one byte more: TLS may follow.
Acceptor::After Acceptor::receivePreface(PendingConnection& pending)
{
    Connection& connection = *pending.connection;
    std::array<char, kProxyHeaderLimit> piece; // NOLINT(cppcoreguidelines-pro-type-member-init)
    const IoResult peeked = connection.peek(piece);
    if (peeked.io != Io::Done)
        return peeked.io == Io::Again ? After::Wait : After::Gone;
    const std::size_t before = connection.input.size();
    connection.input.append(piece.data(), peeked.count);
    try {
        const std::optional<ProxyHeader> header = parseProxyHeader(connection.input);
        connection.skip((header ? header->length : connection.input.size()) - before);
        if (!header)
            return connection.broken ? After::Gone : After::Wait;
        connection.input.clear();
        if (header->client)
            connection.client.address = platform::toText(*header->client);
        connection.client.https = header->https;
    } catch (const model::Error& error) {
        platform::logWarning("http", "the proxy {}: {}", connection.peer(), error.message());
        return After::Gone;
    }
    if (!countFor(connection, connection.client)) {
        if (!connection.encrypted())
            connection.writeSome(kBusy);
        return After::Gone;
    }
    connection.owner = connection.ticket().client();
    pending.phase = connection.encrypted() ? Phase::Handshake : Phase::Head;
    return After::GoOn;
}

/// Reads a socket's received bytes, kTurn at most.
Acceptor::After Acceptor::receive(PendingConnection& pending)
{
    Connection& connection = *pending.connection;
    std::array<char, 16384> piece; // NOLINT(cppcoreguidelines-pro-type-member-init): read() fills it
    After after = examine(pending);
    for (std::size_t turn = 0; after == After::GoOn && turn < kTurn;) {
        const IoResult result = connection.read(piece);
        if (result.io != Io::Done) // after the peer's end half a request is useless
            return result.io == Io::Again ? After::Wait : After::Gone;
        turn += result.count;
        if (pending.phase == Phase::Lingering)
            continue;
        if (pending.phase == Phase::Idle) { // its next request begins: the head's deadline applies
            wait(pending, Phase::Head, config_.headerDeadline);
            pending.since = now();
            pending.bytes = 0;
        }
        pending.bytes += result.count;
        connection.input.append(piece.data(), result.count);
        after = examine(pending);
    }
    return after;
}

/// Finds the client of a request that a trusted proxy passed on, and counts the connection for it.
/// @throws Error Unavailable: the client has too many connections
void Acceptor::identify(Connection& connection)
{
    if (!connection.request || connection.request->client || !config_.proxies.contain(connection.peer()))
        return;
    const Head& head = connection.request->head;
    const ForwardedClient client =
        clientBehind(config_.proxies, connection.client, head.allFields("X-Forwarded-For"),
                     head.allFields("X-Forwarded-Proto"));
    connection.request->client = client;
    connection.owner = clientOf(client.address);
    if (!countFor(connection, client))
        throw model::Error(model::ErrorCode::Unavailable,
                           fmt::format("{} has {} connections open, the most that one client may have",
                                       client.address, config_.maxConnectionsPerClient),
                           "raise api.max_connections_per_client, or repeat the request later");
}

/// Parses the connection's input.
Acceptor::After Acceptor::examine(PendingConnection& pending)
{
    Connection& connection = *pending.connection;
    if (pending.phase == Phase::Lingering || (connection.input.empty() && !connection.request))
        return After::GoOn;
    try {
        const bool whole = receiveRequest(connection);
        identify(connection);
        if (whole)
            return After::Ready;
        if (connection.request)
            pending.phase = Phase::Body;
        return After::GoOn;
    } catch (const model::Error& error) {
        return refuse(pending, error);
    } catch (const std::exception& failure) { // this thread serves all clients
        platform::logError("http", "cannot receive a request of {}: {}", connection.peer(), failure.what());
        return After::Gone;
    }
}

Acceptor::After Acceptor::refuse(PendingConnection& pending, const model::Error& error)
{
    Connection& connection = *pending.connection;
    if (!onRefuse_(connection, error))
        return After::Gone;
    connection.request.reset();
    std::string().swap(connection.input);
    connection.finish();
    wait(pending, Phase::Lingering, kLinger);
    return connection.broken ? After::Gone : After::GoOn;
}

void Acceptor::countHeld(PendingConnection& pending)
{
    Connection& connection = *pending.connection;
    const bool admitted = connection.request && connection.request->admitted;
    const std::size_t body = connection.request ? connection.request->body.capacity() : 0;
    connection.held.set(admitted ? 0 : connection.input.capacity() + body);
}

/// Closes the slowest connections of clients that are not authenticated, until an eighth of the budget is
/// free.
void Acceptor::shedSlowest()
{
    const Time time = now();
    std::vector<std::pair<double, int>> rates;
    for (const auto& [fd, pending] : pending_)
        if (pending.connection->held.bytes() > sizeof(std::string)) {
            const std::chrono::duration<double> span = time - pending.since;
            rates.emplace_back(static_cast<double>(pending.bytes) / std::max(span.count(), 1e-6), fd);
        }
    std::sort(rates.begin(), rates.end());
    for (const auto& [rate, fd] : rates) {
        if (unproved_.used() <= config_.unprovedBytes / 8 * 7)
            return;
        const PendingConnection pending = remove(fd);
        platform::logDebug("http", "{} sends slowest of all that have not logged in: dropped",
                           pending.connection->peer());
    }
}

void Acceptor::evictLate()
{
    const Time time = now();
    while (!deadlines_.empty() && deadlines_.begin()->first <= time) {
        const int fd = deadlines_.begin()->second;
        if (!mayStay(pending_.at(fd)))
            remove(fd);
    }
    if (acceptAgainAt_ && *acceptAgainAt_ <= time) {
        acceptAgainAt_.reset();
        poller_.watch(listener_.get(), POLLIN);
    }
}

/// At its deadline. @return true if the connection waits on, with a new deadline
bool Acceptor::mayStay(PendingConnection& pending)
{
    if (pending.phase == Phase::Preface || pending.phase == Phase::Handshake || pending.phase == Phase::Head)
        platform::logDebug("http", "{} sent no whole request in time: dropped", pending.connection->peer());
    if (pending.phase != Phase::Body)
        return false;
    const auto window = static_cast<std::uint64_t>(config_.stallWindow.count());
    const bool admitted = pending.connection->request->admitted;
    if (admitted && pending.bytes >= config_.minSendBytesPerSecond * window / 1000) {
        wait(pending, Phase::Body, config_.stallWindow);
        pending.bytes = 0;
        return true;
    }
    const model::Error late(
        model::ErrorCode::RequestTimeout, "the body did not arrive in time",
        admitted ? fmt::format("send at least {} bytes a second", config_.minSendBytesPerSecond)
                 : "send the body at once, or log in");
    return refuse(pending, late) != After::Gone;
}

} // namespace bm::http

#include "common/http/server.h"

#include "common/http/acceptor.h"
#include "common/http/exchange.h"
#include "common/http/file_sender.h"
#include "common/http/stream_sender.h"
#include "common/model/error.h"
#include "common/platform/fair_queue.h"
#include "common/platform/log.h"

#include <condition_variable>
#include <csignal>
#include <deque>
#include <fmt/format.h>

namespace bm::http {
namespace {

using model::Error;
using model::ErrorCode;

constexpr std::size_t kDrainLimit = std::size_t{256} * 1024;
/// The authenticated user; for an agent or an unknown client, its address.
std::string ownerOf(const Request& request, const std::string& client)
{
    return request.proved && !request.actor.empty() ? "user " + request.actor : client;
}

} // namespace

struct Server::State {
    using Queue = platform::FairQueue<std::unique_ptr<Connection>>;
    State(const Router& routes, ListenerConfig settings);
    void bind() { acceptor.bind(); }
    void start();
    void stop();
    void work(const std::stop_token& stop);
    void handle(Queue::Work work);
    bool refuse(Connection& connection, const Error& error) const;
    void finish(std::unique_ptr<Connection> connection, ServerResponse& response, bool drained);
    void log(const ServerRequest& request, const ServerResponse& response,
             std::chrono::steady_clock::time_point start) const;

    const Router& router;
    ListenerConfig config;
    Acceptor acceptor;
    FileSender files;
    StreamSender streams;
    Queue queue;
    std::vector<std::jthread> workers{};
};

Server::State::State(const Router& routes, ListenerConfig settings)
    : router(routes), config(std::move(settings)),
      acceptor(
          config,
          [this](std::unique_ptr<Connection> connection) {
              const std::string owner = connection->owner;
              queue.push(owner, std::move(connection));
          },
          [this](Connection& connection, const Error& error) { return refuse(connection, error); }),
      files(
          config,
          [this](std::unique_ptr<Connection> connection) { acceptor.giveBack(std::move(connection)); },
          [this](std::unique_ptr<Connection> connection) { acceptor.close(std::move(connection)); }),
      streams([this](std::unique_ptr<Connection> connection) { acceptor.close(std::move(connection)); }),
      queue(static_cast<std::size_t>(config.maxThreads))
{}

void Server::State::start()
{
    std::signal(SIGPIPE, SIG_IGN); // a write to a lost peer returns an error
    acceptor.start();
    files.start();
    streams.start();
    for (int i = 0; i < config.maxThreads; ++i)
        workers.emplace_back([this](const std::stop_token& stop) { work(stop); });
}

void Server::State::stop()
{
    acceptor.stop();
    acceptor.breakOff();
    for (std::jthread& worker : workers)
        worker.request_stop();
    workers.clear(); // joins: running handlers finish their answers
    files.stop();
    streams.stop();
    queue.clear();
    acceptor.stop(); // for connections that came back meanwhile
}

void Server::State::work(const std::stop_token& stop)
{
    while (auto work = queue.take(stop))
        try {
            handle(std::move(*work));
        } catch (const std::exception& error) {
            platform::logError("http", "a request could not be answered: {}", error.what());
        }
}

/// Answers the request whose head, and body if it is short, has arrived; or decides access from the head, and
/// lets the body arrive.
void Server::State::handle(Queue::Work work)
{
    std::unique_ptr<Connection> connection = std::move(work.item);
    const auto start = std::chrono::steady_clock::now();
    std::unique_ptr<IncomingRequest> incoming = std::move(connection->request);
    ServerResponse response(*connection, &incoming->head, config, [this] { return streams.count(); });
    ServerRequest request(*connection, *incoming, config);
    response.header("X-Openstack-Request-Id", request.requestId);
    request.onAwait([&] {
        if (!work.belongsTo(ownerOf(request, connection->owner)))
            throw Error(ErrorCode::Unavailable, fmt::format("{} sends too much at once", request.actor),
                        "repeat the request when an upload has ended");
    });
    const std::optional<std::size_t> limit = router.handle(request, response);
    connection->owner = ownerOf(request, connection->owner);
    connection->proved = request.proved;
    if (limit) {
        incoming->limit = *limit;
        connection->request = std::move(incoming);
        acceptor.receiveBody(std::move(connection));
        return;
    }
    log(request, response, start);
    const bool drained = request.bodyBuffer().drain(kDrainLimit);
    finish(std::move(connection), response, drained);
}

void Server::State::finish(std::unique_ptr<Connection> connection, ServerResponse& response, bool drained)
{
    const bool keepAlive = response.keepAlive() && drained;
    std::optional<PendingAnswer> rest = std::move(response.pending());
    if (rest) {
        rest->keepAlive = keepAlive;
        files.add(std::move(connection), std::move(*rest));
    } else if (response.pendingStream()) {
        streams.add(std::move(connection), response.pendingStream());
    } else if (keepAlive && !connection->broken) {
        acceptor.giveBack(std::move(connection));
    } else {
        acceptor.close(std::move(connection));
    }
}

/// Answers a request that the acceptor cannot receive. @return true if the socket took the answer
bool Server::State::refuse(Connection& connection, const Error& error) const
{
    IncomingRequest unknown{Head{}};
    unknown.head.path.assign(1, '/'); // gcc 12 warns of the assignment of a literal here (-Wrestrict)
    IncomingRequest& incoming = connection.request ? *connection.request : unknown;
    ServerRequest request(connection, incoming, config);
    ServerResponse response(connection, connection.request ? &incoming.head : nullptr, config);
    response.close();
    response.header("X-Openstack-Request-Id", request.requestId);
    try {
        router.refuse(request, response, error);
    } catch (const std::exception& failure) {
        platform::logError("http", "a refusal could not be rendered: {}", failure.what());
        return false;
    }
    return !response.pending();
}

void Server::State::log(const ServerRequest& request, const ServerResponse& response,
                        std::chrono::steady_clock::time_point start) const
{
    const auto took =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
    platform::logDebug("http", "{} {} {} {} {} {} bytes {} ms", request.requestId, request.peerAddress,
                       toText(request.method), request.path, response.status, response.bodyBytes(),
                       took.count());
}

Server::Server(const Router& router, ListenerConfig config)
    : state_(std::make_unique<State>(router, std::move(config)))
{}

Server::~Server()
{
    stop();
}

void Server::bind()
{
    state_->bind();
}
void Server::start()
{
    state_->start();
}

void Server::stop()
{
    state_->stop();
}

std::size_t Server::streamCount() const
{
    return state_->streams.count();
}

std::uint16_t Server::port() const
{
    return state_->acceptor.port();
}

} // namespace bm::http

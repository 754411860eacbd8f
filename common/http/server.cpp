#include "common/http/server.h"

#include "common/http/acceptor.h"
#include "common/http/exchange.h"
#include "common/http/file_sender.h"
#include "common/http/stream_sender.h"
#include "common/model/error.h"
#include "common/platform/log.h"
#include "common/platform/work_queue.h"

#include <condition_variable>
#include <csignal>
#include <deque>

namespace bm::http {
namespace {

using model::Error;
using model::ErrorCode;

constexpr std::size_t kDrainLimit = std::size_t{256} * 1024;
constexpr std::size_t kServedHeadLimit = std::size_t{32} * 1024;

/// Answers unreadable requests in the Router's form.
void refuseHead(Connection& connection, const ListenerConfig& config, const Error& error)
{
    ServerResponse response(connection, nullptr, config);
    Router nothing; // without routes: it answers errors only
    Head head;
    head.path = "/";
    ServerRequest request(connection, head, config);
    nothing.filter([&error](Request&, Response&) { throw error; });
    nothing.handle(request, response);
}

} // namespace

struct Server::State {
    State(const Router& routes, ListenerConfig settings);
    void start();
    void stop();
    void work(const std::stop_token& stop);
    void handle(std::unique_ptr<Connection> connection);
    void answer(std::unique_ptr<Connection> connection, const Head& head);
    void log(const ServerRequest& request, const ServerResponse& response,
             std::chrono::steady_clock::time_point start) const;

    const Router& router;
    ListenerConfig config;
    Acceptor acceptor;
    FileSender files;
    StreamSender streams;
    platform::WorkQueue<std::unique_ptr<Connection>> queue{};
    std::vector<std::jthread> workers{};
};

Server::State::State(const Router& routes, ListenerConfig settings)
    : router(routes), config(std::move(settings)),
      acceptor(config, [this](std::unique_ptr<Connection> connection) { queue.push(std::move(connection)); }),
      files(
          config,
          [this](std::unique_ptr<Connection> connection) { acceptor.giveBack(std::move(connection)); },
          [this](std::unique_ptr<Connection> connection) { acceptor.close(std::move(connection)); }),
      streams([this](std::unique_ptr<Connection> connection) { acceptor.close(std::move(connection)); })
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
    while (auto connection = queue.take(stop))
        try {
            handle(std::move(*connection));
        } catch (const std::exception& error) {
            platform::logError("http", "a request could not be answered: {}", error.what());
        }
}

void Server::State::handle(std::unique_ptr<Connection> connection)
{
    const std::size_t length = headLength(connection->input);
    std::optional<Head> head;
    try {
        if (length == 0 || length > kServedHeadLimit)
            throw Error(ErrorCode::InvalidInput, "the request's head is longer than 32 KiB");
        head = parseHead(connection->input.substr(0, length));
    } catch (const Error& error) {
        connection->input.clear();
        refuseHead(*connection, config, error);
        acceptor.close(std::move(connection));
        return;
    }
    connection->input.erase(0, length);
    answer(std::move(connection), *head);
}

void Server::State::answer(std::unique_ptr<Connection> connection, const Head& head)
{
    const auto start = std::chrono::steady_clock::now();
    ServerResponse response(*connection, &head, config, [this] { return streams.count(); });
    ServerRequest request(*connection, head, config);
    response.header("X-Openstack-Request-Id", request.requestId);
    router.handle(request, response);
    log(request, response, start);
    const bool drained = request.bodyBuffer().drain(kDrainLimit);
    std::optional<PendingFile> file = std::move(response.pendingFile());
    if (file) {
        file->keepAlive = file->keepAlive && drained;
        files.add(std::move(connection), std::move(*file));
    } else if (response.pendingStream()) {
        streams.add(std::move(connection), response.pendingStream());
    } else if (response.keepAlive() && drained && !connection->broken) {
        acceptor.giveBack(std::move(connection));
    } else {
        acceptor.close(std::move(connection));
    }
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

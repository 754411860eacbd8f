#pragma once
#include "common/http/server.h"
#include "common/model/deadline.h"
#include "common/platform/exec.h"
#include "common/platform/files.h"

#include <arpa/inet.h>
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <fmt/format.h>
#include <fstream>
#include <mutex>
#include <optional>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <vector>

namespace bm::test {

/// A Server on a free port, with a folder of its own. Objects that its handlers use must outlive it.
struct TestServer {
    http::Router router{};
    platform::TemporaryFolder folder{"bm-http-test"};
    http::ListenerConfig config{};
    std::optional<http::Server> server{};

    /// As a filter does whose login every client passes.
    void trustEverybody()
    {
        router.filter([](http::Request& request, http::Response&) { request.proved = true; });
    }
    void start()
    {
        server.emplace(router, config);
        server->start();
    }
    std::string url(std::string_view path) const
    {
        return fmt::format("{}://127.0.0.1:{}{}", config.certificateFile.empty() ? "http" : "https",
                           server->port(), path);
    }
    /// A file of @p size bytes that differ from place to place: its pattern repeats after an odd length.
    std::filesystem::path makeFile(std::string_view name, std::size_t size) const
    {
        std::string pattern(100'003, '\0');
        std::uint32_t state = 1;
        for (char& c : pattern) {
            state = state * 1664525U + 1013904223U;
            c = static_cast<char>(state >> 24);
        }
        std::string text;
        while (text.size() < size)
            text.append(pattern, 0, std::min(pattern.size(), size - text.size()));
        const std::filesystem::path path = folder.path() / name;
        std::ofstream(path, std::ios::binary) << text;
        return path;
    }
};

/// Runs the program curl with "-s" and "-S".
inline platform::Exit curl(std::vector<std::string> arguments)
{
    platform::Command command;
    command.argv = {"/usr/bin/curl", "-s", "-S", "--noproxy", "*", "--max-time", "30"};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    command.outputLimitBytes = std::size_t{64} * 1024 * 1024;
    return platform::makeExec()->run(command, model::Deadline::in(std::chrono::seconds{60}));
}

/// A client that sends exact bytes.
class RawClient {
public:
    explicit RawClient(std::uint16_t port, const char* from = "127.0.0.1")
        : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
        sockaddr_in source{};
        source.sin_family = AF_INET;
        ::inet_pton(AF_INET, from, &source.sin_addr);
        sockaddr_in target{};
        target.sin_family = AF_INET;
        target.sin_port = htons(port);
        ::inet_pton(AF_INET, "127.0.0.1", &target.sin_addr);
        if (::bind(socket_.get(), reinterpret_cast<sockaddr*>(&source), sizeof source) != 0 ||
            ::connect(socket_.get(), reinterpret_cast<sockaddr*>(&target), sizeof target) != 0)
            throw std::runtime_error("no connection to the test's server");
    }
    void send(std::string_view text)
    {
        while (!text.empty()) {
            const ssize_t count = ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
            if (count <= 0)
                return;
            text.remove_prefix(static_cast<std::size_t>(count));
        }
    }
    /// The bytes that arrive until @p mark, the server's close or the end of @p patience.
    std::string readUntil(std::string_view mark,
                          std::chrono::milliseconds patience = std::chrono::seconds{10})
    {
        const model::Deadline deadline = model::Deadline::in(patience);
        while (mark.empty() || heard_.find(mark) == std::string::npos) {
            pollfd wait{socket_.get(), POLLIN, 0};
            if (::poll(&wait, 1, static_cast<int>(deadline.left().count())) <= 0)
                break;
            std::array<char, 16384> piece{};
            const ssize_t count = ::recv(socket_.get(), piece.data(), piece.size(), 0);
            closed_ = count <= 0;
            if (closed_)
                break;
            heard_.append(piece.data(), static_cast<std::size_t>(count));
        }
        return std::exchange(heard_, {});
    }
    std::string readAll() { return readUntil({}); }
    bool closed() const { return closed_; }
    int fd() const { return socket_.get(); }
    void hangUp() { socket_ = platform::Fd(); }

private:
    platform::Fd socket_;
    std::string heard_{};
    bool closed_ = false;
};

/// One value from another thread.
template <class T> class Later {
public:
    void set(T value)
    {
        const std::lock_guard lock(mutex_);
        value_ = std::move(value);
        changed_.notify_all();
    }
    std::optional<T> get(std::chrono::milliseconds patience = std::chrono::seconds{20})
    {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, patience, [this] { return value_.has_value(); });
        return value_;
    }

private:
    std::mutex mutex_{};
    std::condition_variable changed_{};
    std::optional<T> value_{};
};

} // namespace bm::test

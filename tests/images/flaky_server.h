#pragma once
#include "common/platform/files.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <mutex>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace bm::images::testing {

/// An HTTP server on loopback for one file. It injects faults and records the heads of requests.
class FlakyServer {
public:
    struct Settings {
        std::string content;
        bool ranges = true;
        bool head = true;
        std::size_t cutAfter = 0; ///< each body breaks off after this many bytes; 0: never
        int status = 0;           ///< answers every request with this status; 0: normal answers
    };
    explicit FlakyServer(Settings settings)
        : settings_(std::move(settings)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        REQUIRE(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), length) == 0);
        REQUIRE(::listen(listener_.get(), 8) == 0);
        REQUIRE(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &length) == 0);
        port_ = ntohs(address.sin_port);
        thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
    }
    ~FlakyServer()
    {
        thread_.request_stop();
        ::shutdown(listener_.get(), SHUT_RDWR);
    }
    FlakyServer(const FlakyServer&) = delete;
    FlakyServer& operator=(const FlakyServer&) = delete;

    std::string url() const { return fmt::format("http://127.0.0.1:{}/disk.raw", port_); }
    std::string tag() const
    {
        const std::scoped_lock lock(mutex_);
        return tagOf(settings_.content);
    }
    std::vector<std::string> requests() const
    {
        const std::scoped_lock lock(mutex_);
        return requests_;
    }
    void change(const std::string& content)
    {
        const std::scoped_lock lock(mutex_);
        settings_.content = content;
    }

private:
    static std::string tagOf(const std::string& content)
    {
        return fmt::format("\"{}\"", std::hash<std::string>{}(content));
    }

    void serve(const std::stop_token& stop)
    {
        while (!stop.stop_requested()) {
            const platform::Fd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            if (client)
                answer(client.get());
        }
    }

    static std::string readHead(int fd)
    {
        std::string head;
        char c = 0;
        while (head.find("\r\n\r\n") == std::string::npos && ::recv(fd, &c, 1, 0) == 1)
            head += c;
        return head;
    }

    void answer(int fd)
    {
        const std::string head = readHead(fd);
        const std::scoped_lock lock(mutex_);
        requests_.push_back(head);
        const std::string tag = tagOf(settings_.content);
        const bool isHead = head.starts_with("HEAD");
        std::size_t from = 0;
        if (const std::size_t at = head.find("Range: bytes="); settings_.ranges && at != std::string::npos)
            from = std::stoul(head.substr(at + 13));
        int status = from > 0 ? 206 : 200;
        if (const std::size_t at = head.find("If-Match: ");
            at != std::string::npos && head.compare(at + 10, tag.size(), tag) != 0)
            status = 412;
        if (settings_.status != 0 || (isHead && !settings_.head))
            status = settings_.status != 0 ? settings_.status : 403;
        const std::string body = status / 100 == 2 ? settings_.content.substr(from) : "no";
        std::string text =
            fmt::format("HTTP/1.1 {} x\r\nConnection: close\r\nETag: {}\r\nContent-Length: {}\r\n{}\r\n",
                        status, tag, body.size(), settings_.ranges ? "Accept-Ranges: bytes\r\n" : "");
        const std::size_t cut =
            settings_.cutAfter > 0 && status / 100 == 2 ? settings_.cutAfter : body.size();
        text += isHead ? std::string() : body.substr(0, cut);
        for (std::size_t at = 0; at < text.size();) {
            const ssize_t count = ::send(fd, text.data() + at, text.size() - at, MSG_NOSIGNAL);
            if (count <= 0)
                return;
            at += static_cast<std::size_t>(count);
        }
    }

    mutable std::mutex mutex_;
    Settings settings_;
    std::vector<std::string> requests_;
    platform::Fd listener_;
    std::uint16_t port_ = 0;
    std::jthread thread_;
};

} // namespace bm::images::testing

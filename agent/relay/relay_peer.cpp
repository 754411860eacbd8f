#include "agent/relay/relay_peer.h"

#include "common/model/error.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <system_error>

namespace bm::agent {

using model::Error;
using model::ErrorCode;
using std::chrono::milliseconds;

namespace {

constexpr int kRequestBatchBytes =
    48 * 1024; ///< smaller batches wait; 16 hops of it take 60 ms at 100 Mbit/s
constexpr milliseconds kSendPatience{2000};
constexpr milliseconds kStep{50}; ///< interval of checks for a stop request

Error broken(const std::string& name, const std::string& what)
{
    return {ErrorCode::Unavailable, name + ": " + what};
}

std::string peerReason(int error)
{
    return std::generic_category().message(error);
}

platform::Fd beginConnect(const PeerAddress& address, int& error)
{
    sockaddr_in v4{};
    sockaddr_in6 v6{};
    const bool isV4 = ::inet_pton(AF_INET, address.host.c_str(), &v4.sin_addr) == 1;
    v4.sin_family = AF_INET;
    v4.sin_port = htons(address.port);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(address.port);
    if (!isV4)
        ::inet_pton(AF_INET6, address.host.c_str(), &v6.sin6_addr);
    platform::Fd fd(::socket(isV4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const int yes = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    const int result = isV4 ? ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&v4), sizeof v4)
                            : ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&v6), sizeof v6);
    error = result == 0 || errno == EINPROGRESS ? 0 : errno;
    return fd;
}

bool waitFor(int fd, short events, milliseconds wait)
{
    pollfd one{fd, events, 0};
    return ::poll(&one, 1, static_cast<int>(wait.count())) > 0;
}

} // namespace

RelayPeer::RelayPeer(const PeerAddress& address, const RelayHello& hello, milliseconds patience,
                     const std::stop_token& stop)
    : name_(address.text())
{
    int error = 0;
    fd_ = beginConnect(address, error);
    if (error != 0)
        throw broken(name_, peerReason(error));
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!waitFor(fd_.get(), POLLOUT, kStep)) {
        if (stop.stop_requested())
            throw Error(ErrorCode::Aborted, "stopped");
        if (std::chrono::steady_clock::now() > end)
            throw broken(name_, "does not answer");
    }
    socklen_t length = sizeof error;
    ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0)
        throw broken(name_, peerReason(error));
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVLOWAT, &kRequestBatchBytes, sizeof kRequestBatchBytes);
    send(encode(hello), kSendPatience);
}

void RelayPeer::send(std::span<const std::byte> bytes, milliseconds patience)
{
    while (!bytes.empty()) {
        const ssize_t count = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count > 0) {
            bytes = bytes.subspan(static_cast<std::size_t>(count));
        } else if (errno != EAGAIN && errno != EINTR) {
            throw broken(name_, peerReason(errno));
        } else if (!waitFor(fd_.get(), POLLOUT, patience)) {
            throw broken(name_, "takes no requests");
        }
    }
}

void RelayPeer::want(const RelayWant& want)
{
    send(encode(want), kSendPatience);
}

void RelayPeer::yield()
{
    send(encodeYield(), kSendPatience);
}

void RelayPeer::takeHeader(const Handler& handler)
{
    headerHave_ = 0;
    const std::optional<RelayHeader> header = headerFrom(header_);
    if (!header)
        throw Error(ErrorCode::InvalidInput, name_ + " sent an invalid relay message");
    target_ = handler.onHeader(*header);
}

RelayPeer::Received RelayPeer::receive(const Handler& handler, milliseconds wait)
{
    waitFor(fd_.get(), POLLIN, wait); // smaller batches are read after the wait, too
    Received received = Received::Nothing;
    for (int i = 0; i < 8; ++i) {
        std::array<iovec, 2> parts{iovec{target_.data(), target_.size()},
                                   iovec{header_.data() + headerHave_, header_.size() - headerHave_}};
        const ssize_t count = ::readv(fd_.get(), parts.data(), parts.size());
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0 && errno == EAGAIN)
            return received;
        if (count <= 0)
            throw broken(name_, count == 0 ? "ended" : peerReason(errno));
        received = Received::Something;
        const std::size_t body = std::min(target_.size(), static_cast<std::size_t>(count));
        target_ = target_.subspan(body);
        if (body > 0)
            handler.onBytes(body);
        headerHave_ += static_cast<std::size_t>(count) - body;
        if (headerHave_ == kHeaderBytes)
            takeHeader(handler);
        else if (!target_.empty())
            return received; // no more bytes at the moment
    }
    return received;
}

} // namespace bm::agent

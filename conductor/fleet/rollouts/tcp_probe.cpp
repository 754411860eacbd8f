#include "conductor/fleet/rollouts/tcp_probe.h"

#include "common/model/error.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace bm::conductor::fleet {

using model::Error;
using model::ErrorCode;

namespace {

constexpr std::chrono::milliseconds kSlice{200}; // so that a stop is noticed

class Socket {
public:
    explicit Socket(int fd) : fd_(fd) {}
    ~Socket()
    {
        if (fd_ >= 0)
            ::close(fd_);
    }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    int get() const { return fd_; }

private:
    int fd_;
};

void await(int fd, short what, const std::string& place, const model::Deadline& deadline)
{
    while (!deadline.over()) {
        pollfd waiting{fd, what, 0};
        if (::poll(&waiting, 1, static_cast<int>(std::min(deadline.left(), kSlice).count())) > 0)
            return;
    }
    throw Error(ErrorCode::DeadlineExceeded, place + " did not answer in time");
}

std::string readLine(int fd, std::size_t most, const std::string& place, const model::Deadline& deadline)
{
    std::string line;
    while (line.size() < most && line.find('\n') == std::string::npos) {
        await(fd, POLLIN, place, deadline);
        std::array<char, 256> bytes{};
        const ssize_t got =
            ::recv(fd, bytes.data(), std::min(bytes.size(), most - line.size()), MSG_DONTWAIT);
        if (got <= 0)
            break;
        line.append(bytes.data(), static_cast<std::size_t>(got));
    }
    return line;
}

} // namespace

std::string probeTcp(const std::string& address, std::uint16_t port, std::size_t most,
                     const model::Deadline& deadline)
{
    const std::string place = address + ":" + std::to_string(port);
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found) != 0)
        throw Error(ErrorCode::InvalidInput, "\"" + address + "\" is not an IP address");
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> target(found, &::freeaddrinfo);
    const Socket socket(::socket(target->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (socket.get() < 0)
        throw Error(ErrorCode::Internal, std::string("socket: ") + std::strerror(errno));
    if (::connect(socket.get(), target->ai_addr, target->ai_addrlen) != 0 && errno != EINPROGRESS)
        throw Error(ErrorCode::Unavailable, place + ": " + std::strerror(errno));
    await(socket.get(), POLLOUT, place, deadline);
    int failure = 0;
    socklen_t size = sizeof failure;
    ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &failure, &size);
    if (failure != 0)
        throw Error(ErrorCode::Unavailable, place + ": " + std::strerror(failure));
    return most == 0 ? std::string{} : readLine(socket.get(), most, place, deadline);
}

} // namespace bm::conductor::fleet

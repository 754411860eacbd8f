#include "common/http/connection.h"

#include "common/http/incoming.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace bm::http {
namespace {

constexpr std::size_t kTlsPiece = std::size_t{64} * 1024;

} // namespace

Connection::Connection(platform::Fd socket, std::string peer, Admission::Ticket ticket, SslPtr ssl,
                       int stopFd)
    : client{std::move(peer), {}}, socket_(std::move(socket)), ticket_(std::move(ticket)),
      ssl_(std::move(ssl)), stopFd_(stopFd), wants_(POLLIN)
{}

Connection::~Connection() = default;

IoResult Connection::judge(ssize_t count, short wants)
{
    if (count >= 0)
        return {Io::Done, static_cast<std::size_t>(count)};
    wants_ = wants;
    if (errno == EAGAIN || errno == EINTR)
        return {Io::Again, 0};
    broken = true;
    return {};
}

IoResult Connection::judgeTls(int result)
{
    const int why = ::SSL_get_error(ssl_.get(), result);
    ::ERR_clear_error();
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
        wants_ = why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
        return {Io::Again, 0};
    }
    broken = broken || why != SSL_ERROR_ZERO_RETURN;
    return {};
}

IoResult Connection::peek(std::span<char> buffer)
{
    const IoResult result = judge(::recv(fd(), buffer.data(), buffer.size(), MSG_PEEK), POLLIN);
    return result.io == Io::Done && result.count == 0 ? IoResult{} : result;
}

void Connection::skip(std::size_t count)
{
    std::array<char, 4096> dropped{};
    while (count > 0) {
        const ssize_t got = ::recv(fd(), dropped.data(), std::min(count, dropped.size()), 0);
        if (got <= 0) {
            broken = true;
            return;
        }
        count -= static_cast<std::size_t>(got);
    }
}

IoResult Connection::handshake()
{
    if (!ssl_)
        return {Io::Done, 0};
    ::ERR_clear_error();
    const int result = ::SSL_accept(ssl_.get());
    return result == 1 ? IoResult{Io::Done, 0} : judgeTls(result);
}

IoResult Connection::read(std::span<char> buffer)
{
    if (!ssl_) {
        const IoResult result = judge(::recv(fd(), buffer.data(), buffer.size(), 0), POLLIN);
        return result.io == Io::Done && result.count == 0 ? IoResult{} : result;
    }
    ::ERR_clear_error();
    std::size_t count = 0;
    const int result = ::SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &count);
    return result == 1 ? IoResult{Io::Done, count} : judgeTls(result);
}

IoResult Connection::write(std::string_view bytes)
{
    if (!ssl_)
        return judge(::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL), POLLOUT);
    ::ERR_clear_error();
    std::size_t count = 0;
    const int result = ::SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &count);
    return result == 1 ? IoResult{Io::Done, count} : judgeTls(result);
}

std::size_t Connection::writeSome(std::string_view bytes)
{
    std::size_t written = 0;
    while (written < bytes.size() && !broken) {
        const IoResult result = write(bytes.substr(written));
        written += result.count;
        broken = broken || result.io == Io::Closed;
        if (result.io == Io::Again)
            break;
    }
    return written;
}

IoResult Connection::sendFrom(int file, std::uint64_t offset, std::size_t count)
{
    off_t position = static_cast<off_t>(offset);
    wants_ = POLLOUT; // for the next piece too
    if (!ssl_) {
        const IoResult result = judge(::sendfile(fd(), file, &position, count), POLLOUT);
        return result.io == Io::Done && result.count == 0 ? IoResult{} : result; // the file became shorter
    }
    std::array<char, kTlsPiece> piece{};
    const ssize_t got = ::pread(file, piece.data(), std::min(count, piece.size()), position);
    return got <= 0 ? IoResult{} : write({piece.data(), static_cast<std::size_t>(got)});
}

bool Connection::wait(Pace& pace)
{
    std::array<pollfd, 2> fds{{{fd(), wants_, 0}, {stopFd_, POLLIN, 0}}};
    const auto start = std::chrono::steady_clock::now();
    const int left = static_cast<int>(std::max<std::int64_t>(0, pace.left().count()));
    const int ready = ::poll(fds.data(), fds.size(), left);
    pace.waited(
        std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start));
    if (ready < 0 && errno == EINTR)
        return true;
    return ready > 0 && fds[1].revents == 0;
}

std::size_t Connection::readBlocking(std::span<char> buffer, Pace& pace)
{
    for (;;) {
        const IoResult result = read(buffer);
        pace.moved(result.count);
        if (result.io == Io::Done)
            return result.count;
        if (result.io == Io::Closed || !wait(pace)) {
            broken = true;
            return 0;
        }
    }
}

void Connection::finish()
{
    if (ssl_ && !broken) {
        ::ERR_clear_error();
        ::SSL_shutdown(ssl_.get());
    }
    ::shutdown(fd(), SHUT_WR);
}

namespace {

using NameFunction = int (*)(int, sockaddr*, socklen_t*);

std::string addressText(int fd, NameFunction name, std::uint16_t* port)
{
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    std::array<char, NI_MAXHOST> host{};
    std::array<char, NI_MAXSERV> service{};
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (name(fd, generic, &length) != 0 ||
        ::getnameinfo(generic, length, host.data(), host.size(), service.data(), service.size(),
                      NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return {};
    if (port != nullptr)
        *port = static_cast<std::uint16_t>(std::stoul(service.data()));
    std::string text = host.data();
    return text.starts_with("::ffff:") ? text.substr(7) : text;
}

} // namespace

std::string peerAddressOf(int fd)
{
    return addressText(fd, ::getpeername, nullptr);
}
std::string localAddressOf(int fd)
{
    return addressText(fd, ::getsockname, nullptr);
}

std::uint16_t localPortOf(int fd)
{
    std::uint16_t port = 0;
    addressText(fd, ::getsockname, &port);
    return port;
}

} // namespace bm::http

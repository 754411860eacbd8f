#include "common/http/listen.h"

#include "common/model/error.h"

#include <cerrno>
#include <fmt/format.h>
#include <memory>
#include <netdb.h>
#include <sys/socket.h>
#include <system_error>

namespace bm::http {
namespace {

using model::Error;
using model::ErrorCode;

constexpr int kBacklog = 1024;

using Addresses = std::unique_ptr<addrinfo, void (*)(addrinfo*)>;

Addresses resolve(const std::string& address, std::uint16_t port)
{
    addrinfo hints{};
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int result = ::getaddrinfo(address.empty() ? nullptr : address.c_str(),
                                     std::to_string(port).c_str(), &hints, &found);
    if (result != 0 || found == nullptr)
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("cannot listen on {}: {}", address, ::gai_strerror(result)),
                    "give an address of this machine, or 0.0.0.0 for all");
    return {found, ::freeaddrinfo};
}

[[noreturn]] void failed(const std::string& address, std::uint16_t port, int reason)
{
    const std::string what =
        fmt::format("cannot listen on {}:{}: {}", address, port, std::generic_category().message(reason));
    if (reason == EADDRINUSE)
        throw Error(ErrorCode::Conflict, what,
                    fmt::format("another program has the port: ss -ltnp 'sport = :{}' names it", port));
    if (reason == EADDRNOTAVAIL)
        throw Error(ErrorCode::InvalidInput, what, "no interface has this address now: see ip address");
    if (reason == EACCES)
        throw Error(ErrorCode::Forbidden, what, "ports below 1024 need CAP_NET_BIND_SERVICE");
    throw Error(ErrorCode::Unavailable, what);
}

} // namespace

platform::Fd listenOn(const std::string& address, std::uint16_t port)
{
    const Addresses found = resolve(address, port);
    platform::Fd socket(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int yes = 1;
    if (!socket || ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        ::bind(socket.get(), found->ai_addr, found->ai_addrlen) != 0 || ::listen(socket.get(), kBacklog) != 0)
        failed(address, port, errno);
    return socket;
}

} // namespace bm::http

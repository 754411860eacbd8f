#pragma once
#include "common/http/admission.h"
#include "common/http/pace.h"
#include "common/http/proxy/trusted_proxies.h"
#include "common/http/tls/tls.h"
#include "common/platform/files.h"
#include "common/platform/ip_address.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace bm::http {

struct IncomingRequest;

enum class Io { Done, Again, Closed };
struct IoResult {
    Io io = Io::Closed;
    std::size_t count = 0;
};

/// One accepted, non-blocking socket, plain or TLS. Owned by one stage at a time; not thread-safe.
class Connection {
public:
    Connection(platform::Fd socket, std::string peer, Admission::Ticket ticket, SslPtr ssl, int stopFd);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    std::string input{};                        ///< unparsed bytes from the socket
    std::size_t scanned = 0;                    ///< bytes of input without the end of a head
    std::unique_ptr<IncomingRequest> request{}; ///< its head is whole; null before
    ByteBudget::Share held{};                   ///< bytes of a client that is not authenticated
    std::string owner{};    ///< of its requests in the workers' queue: the client, or its authenticated user
    bool proved = false;    ///< its last request was of an authenticated client
    bool broken = false;    ///< the socket neither sends nor receives any more
    ForwardedClient client; ///< the socket's peer, or the client in a trusted proxy's PROXY protocol header

    int fd() const { return socket_.get(); }
    bool encrypted() const { return ssl_ != nullptr; }
    const std::string& peer() const { return client.address; }
    const Admission::Ticket& ticket() const { return ticket_; }
    /// Counts the connection for another client.
    void recount(Admission::Ticket ticket) { ticket_ = std::move(ticket); }
    /// Which poll(2) events the call that last answered Again waits for.
    short wants() const { return wants_; }

    /// The next six never block, apart from a disk's reads in sendFrom().
    /// Copies bytes that precede a TLS handshake; they remain in the socket until skip().
    IoResult peek(std::span<char> buffer);
    /// Drops @p count bytes that peek() has seen.
    void skip(std::size_t count);
    IoResult handshake();
    IoResult read(std::span<char> buffer);
    IoResult write(std::string_view bytes);
    /// Up to @p count bytes of @p file from @p offset: sendfile(2) on a plain socket.
    IoResult sendFrom(int file, std::uint64_t offset, std::size_t count);

    /// Writes bytes until the socket takes no more. @return bytes written
    std::size_t writeSome(std::string_view bytes);
    /// Waits as long as @p pace and the listener's stop allow. @return bytes read; 0: end of input,
    /// connection lost, or peer too slow
    std::size_t readBlocking(std::span<char> buffer, Pace& pace);
    /// Closes the sending direction.
    void finish();

private:
    IoResult judge(ssize_t count, short wants);
    IoResult judgeTls(int result);
    bool wait(Pace& pace);

    platform::Fd socket_;
    Admission::Ticket ticket_;
    SslPtr ssl_;
    int stopFd_;
    short wants_;
};

using platform::clientOf;
/// The address of @p fd's peer, or of its local end: "10.77.0.1".
std::string peerAddressOf(int fd);
std::string localAddressOf(int fd);
/// 0 when unknown.
std::uint16_t localPortOf(int fd);

} // namespace bm::http

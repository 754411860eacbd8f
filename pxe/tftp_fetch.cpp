#include "pxe/tftp_fetch.h"

#include "common/model/error.h"
#include "common/platform/files.h"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <vector>

namespace bm::pxe {

using model::Error;
using model::ErrorCode;

namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kHead = 4;
constexpr std::uint64_t kMostBytes = std::uint64_t{64} << 20U;
constexpr std::chrono::milliseconds kRepeatAfter{1000};

/// Opcodes of RFC 1350.
constexpr std::uint8_t kRead = 1;
constexpr std::uint8_t kData = 3;
constexpr std::uint8_t kAck = 4;
constexpr std::uint8_t kFailure = 5;

std::vector<std::uint8_t> readRequest(const std::string& file)
{
    std::vector<std::uint8_t> out{0, kRead};
    out.insert(out.end(), file.begin(), file.end());
    out.push_back(0);
    for (const char c : std::string_view("octet"))
        out.push_back(static_cast<std::uint8_t>(c));
    out.push_back(0);
    return out;
}

class Transfer {
public:
    Transfer(const std::string& address, std::uint16_t port, std::string name)
        : name_(std::move(name)), socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0))
    {
        peer_.sin_family = AF_INET;
        peer_.sin_port = htons(port);
        if (!socket_ || ::inet_pton(AF_INET, address.c_str(), &peer_.sin_addr) != 1)
            throw Error(ErrorCode::Unavailable, "TFTP: cannot reach " + address);
    }

    std::uint64_t run(const model::Deadline& deadline)
    {
        last_ = readRequest(name_);
        say();
        while (!deadline.over()) {
            pollfd readable{socket_.get(), POLLIN, 0};
            const auto wait = std::min(deadline.left(), kRepeatAfter);
            if (::poll(&readable, 1, static_cast<int>(wait.count())) <= 0) {
                say();
                continue;
            }
            if (take())
                return bytes_;
        }
        throw Error(ErrorCode::DeadlineExceeded, "TFTP: " + name_ + " did not come whole in time");
    }

private:
    void say() const
    {
        ::sendto(socket_.get(), last_.data(), last_.size(), 0, reinterpret_cast<const sockaddr*>(&peer_),
                 sizeof peer_);
    }

    /// @return whether that was the last block
    bool take()
    {
        std::array<std::uint8_t, kHead + kBlock> packet{};
        sockaddr_in from{};
        socklen_t size = sizeof from;
        const ssize_t length = ::recvfrom(socket_.get(), packet.data(), packet.size(), 0,
                                          reinterpret_cast<sockaddr*>(&from), &size);
        if (length < 0)
            throw Error(ErrorCode::Unavailable, "TFTP: " + name_ + ": " + std::strerror(errno));
        if (length < static_cast<ssize_t>(kHead) || from.sin_addr.s_addr != peer_.sin_addr.s_addr)
            return false;
        if (packet[1] == kFailure)
            throw Error(ErrorCode::Unavailable,
                        "TFTP: " + name_ + ": " +
                            std::string(reinterpret_cast<const char*>(packet.data()) + kHead,
                                        static_cast<std::size_t>(length) - kHead));
        const auto block = static_cast<std::uint16_t>((packet[2] << 8U) | packet[3]);
        if (packet[1] != kData || block != static_cast<std::uint16_t>(block_ + 1))
            return false;
        block_ = block;
        peer_.sin_port = from.sin_port;
        const std::size_t data = static_cast<std::size_t>(length) - kHead;
        bytes_ += data;
        if (bytes_ > kMostBytes)
            throw Error(ErrorCode::TooLarge, "TFTP: " + name_ + " has no end");
        last_ = {0, kAck, packet[2], packet[3]};
        say();
        return data < kBlock;
    }

    std::string name_;
    platform::Fd socket_;
    sockaddr_in peer_{};
    std::vector<std::uint8_t> last_;
    std::uint16_t block_ = 0;
    std::uint64_t bytes_ = 0;
};

} // namespace

std::uint64_t fetchByTftp(const std::string& address, std::uint16_t port, const std::string& file,
                          const model::Deadline& deadline)
{
    return Transfer(address, port, file).run(deadline);
}

} // namespace bm::pxe

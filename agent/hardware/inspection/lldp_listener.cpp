#include "agent/hardware/inspection/lldp_listener.h"

#include "agent/base/stop_wait.h"
#include "common/platform/files.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <fmt/format.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <optional>
#include <poll.h>
#include <sys/socket.h>
#include <system_error>

namespace bm::agent {
namespace {

constexpr std::uint16_t kLldp = 0x88cc;
constexpr std::size_t kMostFrameBytes = 9216; ///< jumbo
constexpr std::chrono::milliseconds kPollInterval{200};
constexpr int kFramesPerPoll = 64;
/// Nearest bridge, nearest non-TPMR bridge, nearest customer bridge (IEEE 802.1AB-2016, table 7-1).
constexpr std::array<unsigned char, 3> kGroups = {0x0e, 0x03, 0x00};

struct NicSocket {
    std::string interface;
    platform::Fd socket;
};

void join(int socket, int index)
{
    for (const unsigned char last : kGroups) {
        packet_mreq group{};
        group.mr_ifindex = index;
        group.mr_type = PACKET_MR_MULTICAST;
        group.mr_alen = 6;
        const std::array<unsigned char, 6> address = {0x01, 0x80, 0xc2, 0x00, 0x00, last};
        std::ranges::copy(address, std::begin(group.mr_address));
        ::setsockopt(socket, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &group, sizeof group);
    }
}

std::optional<NicSocket> openNicSocket(const std::string& interface, AgentLog& log)
{
    platform::Fd socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
                                 0)); // bind() sets the protocol
    const unsigned index = ::if_nametoindex(interface.c_str());
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(kLldp);
    address.sll_ifindex = static_cast<int>(index);
    if (socket && index != 0) {
        join(socket.get(), address.sll_ifindex);
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): the sockets API
        if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
            return NicSocket{interface, std::move(socket)};
    }
    log.warning(
        fmt::format("cannot listen for LLDP on {}: {}", interface, std::generic_category().message(errno)));
    return std::nullopt;
}

/// The last frame in the socket.
std::optional<LldpFrame> lastFrame(const NicSocket& nic)
{
    std::optional<LldpFrame> out;
    std::array<std::byte, kMostFrameBytes> buffer{};
    for (int i = 0; i < kFramesPerPoll; ++i) {
        sockaddr_ll from{};
        socklen_t length = sizeof from;
        const ssize_t got =
            // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast)
            ::recvfrom(nic.socket.get(), buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&from),
                       &length);
        if (got <= 0)
            return out;
        if (from.sll_pkttype == PACKET_OUTGOING)
            continue;
        if (std::optional<LldpFrame> frame =
                parseLldpFrame(std::span(buffer).first(static_cast<std::size_t>(got))))
            out = std::move(frame);
    }
    return out;
}

} // namespace

std::map<std::string, LldpFrame> listenForLldp(const std::vector<std::string>& interfaces, AgentLog& log,
                                               const model::Deadline& deadline)
{
    std::vector<NicSocket> nics;
    for (const std::string& interface : interfaces)
        if (std::optional<NicSocket> nic = openNicSocket(interface, log))
            nics.push_back(std::move(*nic));
    std::vector<pollfd> waiting;
    waiting.reserve(nics.size());
    for (const NicSocket& nic : nics)
        waiting.push_back({nic.socket.get(), POLLIN, 0});
    std::map<std::string, LldpFrame> heard;
    while (heard.size() < nics.size() && !deadline.over()) {
        const auto span = std::min<std::chrono::milliseconds>(kPollInterval, deadline.left());
        if (::poll(waiting.data(), waiting.size(), static_cast<int>(span.count())) <= 0)
            continue;
        for (std::size_t i = 0; i < nics.size(); ++i) {
            if ((waiting[i].revents & ~POLLIN) != 0)
                waiting[i].fd = -1; // the interface went down
            if (std::optional<LldpFrame> frame = lastFrame(nics[i]))
                heard.insert_or_assign(nics[i].interface, std::move(*frame));
        }
    }
    throwIfStopped(deadline.stop);
    return heard;
}

} // namespace bm::agent

#include "pxe/dhcp_probe.h"

#include "common/model/error.h"
#include "common/platform/files.h"
#include "common/platform/secrets.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <optional>
#include <poll.h>
#include <span>
#include <sys/socket.h>

namespace bm::pxe {

using model::Error;
using model::ErrorCode;

namespace {

constexpr std::chrono::milliseconds kBetween{1200};
constexpr std::chrono::milliseconds kWhole{3000};

platform::Fd openSocket(const std::string& interface)
{
    const unsigned index = ::if_nametoindex(interface.c_str());
    if (index == 0)
        throw Error(ErrorCode::NotFound, "there is no interface " + interface,
                    "ip link; provisioning.interface in bmd.yaml");
    platform::Fd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_IP)));
    if (!fd)
        throw Error(ErrorCode::Forbidden, std::string("no raw socket: ") + std::strerror(errno),
                    "bmd needs CAP_NET_RAW for this, as its systemd unit gives it");
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_IP);
    address.sll_ifindex = static_cast<int>(index);
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        throw Error(ErrorCode::Unavailable, interface + ": " + std::strerror(errno));
    packet_mreq all{}; // servers may answer to the probe's random MAC address
    all.mr_ifindex = static_cast<int>(index);
    all.mr_type = PACKET_MR_PROMISC;
    ::setsockopt(fd.get(), SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof all);
    return fd;
}

void keep(std::vector<DhcpOffer>& offers, DhcpOffer offer)
{
    const auto known = std::find_if(offers.begin(), offers.end(),
                                    [&](const DhcpOffer& o) { return o.server == offer.server; });
    if (known == offers.end())
        offers.push_back(std::move(offer));
}

} // namespace

std::vector<DhcpOffer> probeDhcp(const std::string& interface, const model::Deadline& deadline)
{
    const platform::Fd fd = openSocket(interface);
    const auto transaction = static_cast<std::uint32_t>(std::stoul(platform::randomHex(4), nullptr, 16));
    const std::vector<std::uint8_t> frame = discoverFrame(transaction);
    const model::Deadline end = deadline.atMost(kWhole);
    std::vector<DhcpOffer> offers;
    auto nextSend = std::chrono::steady_clock::now();
    for (int sent = 0; !end.over();) {
        if (sent < 2 && std::chrono::steady_clock::now() >= nextSend) {
            if (::send(fd.get(), frame.data(), frame.size(), 0) < 0)
                throw Error(ErrorCode::Unavailable, interface + ": " + std::strerror(errno),
                            "is the interface up? ip link set " + interface + " up");
            nextSend += kBetween;
            ++sent;
        }
        pollfd readable{fd.get(), POLLIN, 0};
        const auto wait = std::min(end.left(), std::chrono::milliseconds{100});
        if (::poll(&readable, 1, static_cast<int>(wait.count())) <= 0)
            continue;
        std::array<std::uint8_t, 2048> buffer{};
        const ssize_t length = ::recv(fd.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (length > 0)
            if (std::optional<DhcpOffer> offer =
                    offerFrom(std::span(buffer).first(static_cast<std::size_t>(length)), transaction))
                keep(offers, std::move(*offer));
    }
    return offers;
}

} // namespace bm::pxe

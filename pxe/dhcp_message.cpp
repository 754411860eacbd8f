// RFC 2131 (DHCP), RFC 4578 (PXE options), in whole Ethernet frames: works while port 68 is in use, and on an
// interface without an address.
#include "pxe/dhcp_message.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <linux/if_ether.h>

namespace bm::pxe {

namespace {

using Bytes = std::vector<std::uint8_t>;
constexpr std::array<std::uint8_t, 6> kMac{0x02, 0x62, 0x6d,
                                           0x00, 0x00, 0x01}; // locally administered: no vendor's
constexpr std::array<std::uint8_t, 4> kCookie{0x63, 0x82, 0x53, 0x63};
constexpr std::size_t kEthernet = 14;
constexpr std::size_t kIp = 20;
constexpr std::size_t kUdp = 8;
constexpr std::size_t kBootp = 236; // before the cookie

void put16(Bytes& out, std::uint32_t value)
{
    out.push_back(static_cast<std::uint8_t>(value >> 8U));
    out.push_back(static_cast<std::uint8_t>(value));
}

void put32(Bytes& out, std::uint32_t value)
{
    put16(out, value >> 16U);
    put16(out, value & 0xFFFFU);
}

std::uint16_t checksumOf(std::span<const std::uint8_t> header)
{
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i + 1 < header.size(); i += 2)
        sum += static_cast<std::uint32_t>(header[i] << 8U) + header[i + 1];
    while ((sum >> 16U) != 0)
        sum = (sum & 0xFFFFU) + (sum >> 16U);
    return static_cast<std::uint16_t>(~sum);
}

Bytes discover(std::uint32_t transaction)
{
    Bytes out{1, 1, 6, 0};
    put32(out, transaction);
    put16(out, 4);      // seconds: some servers ignore a machine's first tries
    put16(out, 0x8000); // answers by broadcast
    out.resize(28);     // no addresses
    out.insert(out.end(), kMac.begin(), kMac.end());
    out.resize(kBootp);
    out.insert(out.end(), kCookie.begin(), kCookie.end());
    const auto option = [&](std::uint8_t number, const Bytes& value) {
        out.push_back(number);
        out.push_back(static_cast<std::uint8_t>(value.size()));
        out.insert(out.end(), value.begin(), value.end());
    };
    const std::string vendor = "PXEClient:Arch:00007:UNDI:003016";
    option(53, {1});
    option(57, {0x05, 0xc0});
    option(55, {1, 3, 6, 43, 54, 60, 66, 67});
    option(60, Bytes(vendor.begin(), vendor.end()));
    option(93, {0, 7});
    option(94, {1, 3, 16});
    out.push_back(255);
    out.resize(std::max<std::size_t>(out.size(), 300));
    return out;
}

Bytes frameOf(const Bytes& payload)
{
    Bytes out(6, 0xff);
    out.insert(out.end(), kMac.begin(), kMac.end());
    put16(out, ETH_P_IP);
    Bytes ip{0x45, 0};
    put16(ip, static_cast<std::uint32_t>(kIp + kUdp + payload.size()));
    put32(ip, 0);
    ip.insert(ip.end(), {64, 17, 0, 0});
    put32(ip, 0);
    put32(ip, 0xFFFFFFFFU);
    const std::uint16_t sum = checksumOf(ip);
    ip[10] = static_cast<std::uint8_t>(sum >> 8U);
    ip[11] = static_cast<std::uint8_t>(sum);
    out.insert(out.end(), ip.begin(), ip.end());
    put16(out, 68);
    put16(out, 67);
    put16(out, static_cast<std::uint32_t>(kUdp + payload.size()));
    put16(out, 0); // no checksum: optional in IPv4
    out.insert(out.end(), payload.begin(), payload.end());
    return out;
}

std::string addressText(std::span<const std::uint8_t> four)
{
    std::array<char, INET_ADDRSTRLEN> text{};
    ::inet_ntop(AF_INET, four.data(), text.data(), text.size());
    return text.data();
}

/// The value of option @p number in @p options; nothing where there is none.
std::optional<Bytes> optionOf(std::span<const std::uint8_t> options, std::uint8_t number)
{
    std::size_t at = 0;
    while (at < options.size() && options[at] != 255) {
        if (options[at] == 0) {
            ++at;
            continue;
        }
        if (at + 1 >= options.size() || at + 2 + options[at + 1] > options.size())
            break;
        const auto value = options.subspan(at + 2, options[at + 1]);
        if (options[at] == number)
            return Bytes(value.begin(), value.end());
        at += 2U + options[at + 1];
    }
    return std::nullopt;
}

std::string textUntilNull(std::span<const std::uint8_t> bytes)
{
    std::string text;
    for (const std::uint8_t byte : bytes) {
        if (byte == 0)
            break;
        text += byte >= 0x20 && byte < 0x7f ? static_cast<char>(byte) : '?';
    }
    return text;
}

} // namespace

std::vector<std::uint8_t> discoverFrame(std::uint32_t transaction)
{
    return frameOf(discover(transaction));
}

std::optional<DhcpOffer> offerFrom(std::span<const std::uint8_t> frame, std::uint32_t transaction)
{
    if (frame.size() < kEthernet + kIp || frame[12] != 0x08 || frame[13] != 0x00 ||
        frame[kEthernet + 9] != 17)
        return std::nullopt;
    const std::size_t ipLength = static_cast<std::size_t>(frame[kEthernet] & 0x0fU) * 4;
    if (frame.size() < kEthernet + ipLength + kUdp + kBootp + kCookie.size())
        return std::nullopt;
    const auto source = frame.subspan(kEthernet + 12, 4);
    const auto bootp = frame.subspan(kEthernet + ipLength + kUdp);
    const auto xid = bootp.subspan(4, 4);
    const std::uint32_t answered = (static_cast<std::uint32_t>(xid[0]) << 24U) |
                                   (static_cast<std::uint32_t>(xid[1]) << 16U) |
                                   (static_cast<std::uint32_t>(xid[2]) << 8U) | xid[3];
    if (bootp[0] != 2 || answered != transaction)
        return std::nullopt;
    const auto options = bootp.subspan(kBootp + kCookie.size());
    const std::optional<Bytes> server = optionOf(options, 54);
    DhcpOffer offer;
    offer.server = server && server->size() == 4 ? addressText(*server) : addressText(source);
    offer.offered = addressText(bootp.subspan(16, 4));
    offer.bootFile = textUntilNull(bootp.subspan(108, 128));
    if (const std::optional<Bytes> file = optionOf(options, 67); file && offer.bootFile.empty())
        offer.bootFile = textUntilNull(*file);
    return offer;
}

} // namespace bm::pxe

#include "agent/hardware/inspection/lldp_frame.h"

#include "common/text/text.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <fmt/format.h>

namespace bm::agent {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::size_t kAddresses = 12;
constexpr unsigned kLldp = 0x88cc;
constexpr unsigned kVlanTag = 0x8100;
constexpr std::size_t kMostTlvs = 256;
constexpr std::size_t kMacBytes = 6;

enum Type : unsigned {
    End = 0,
    ChassisId = 1,
    PortId = 2,
    TimeToLive = 3,
    PortDescription = 4,
    SystemName = 5,
    SystemDescription = 6,
    ManagementAddress = 8,
    Organisation = 127,
};

unsigned byteAt(Bytes bytes, std::size_t at)
{
    return std::to_integer<unsigned>(bytes[at]);
}

unsigned wordAt(Bytes bytes, std::size_t at)
{
    return byteAt(bytes, at) << 8U | byteAt(bytes, at + 1);
}

/// Replaces control characters, because terminals show the text.
std::string textOf(Bytes bytes)
{
    std::string out;
    for (const std::byte byte : bytes) {
        const auto c = std::to_integer<unsigned char>(byte);
        out += c < 0x20 || c == 0x7f ? '?' : static_cast<char>(c);
    }
    while (!out.empty() && (out.back() == ' ' || out.back() == '?'))
        out.pop_back();
    return out;
}

std::string macOf(Bytes bytes)
{
    std::string out;
    for (const std::byte byte : bytes)
        out += fmt::format("{}{:02x}", out.empty() ? "" : ":", std::to_integer<unsigned>(byte));
    return out;
}

/// @param bytes  an address family number (IANA) and the address
std::string networkAddressOf(Bytes bytes)
{
    constexpr unsigned kIp4 = 1;
    constexpr unsigned kIp6 = 2;
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (bytes.size() == 5 && byteAt(bytes, 0) == kIp4)
        return ::inet_ntop(AF_INET, bytes.data() + 1, text.data(), text.size());
    if (bytes.size() == 17 && byteAt(bytes, 0) == kIp6)
        return ::inet_ntop(AF_INET6, bytes.data() + 1, text.data(), text.size());
    return text::toHex(bytes);
}

/// The ids of chassis and port begin with a subtype, whose numbers differ between the two.
std::string idOf(Bytes value, unsigned macKind, unsigned networkKind)
{
    if (value.empty())
        return {};
    const Bytes id = value.subspan(1);
    if (byteAt(value, 0) == macKind && id.size() == kMacBytes)
        return macOf(id);
    return byteAt(value, 0) == networkKind ? networkAddressOf(id) : textOf(id);
}

/// A length that includes family and address, then family and address.
std::string managementAddressOf(Bytes value)
{
    const std::size_t length = value.empty() ? 0 : byteAt(value, 0);
    return length >= 2 && length + 1 <= value.size() ? networkAddressOf(value.subspan(1, length))
                                                     : std::string{};
}

/// IEEE 802.1Q-2018, D.2.1: OUI 00-80-C2, subtype 1.
std::optional<unsigned> portVlanIdOf(Bytes value)
{
    constexpr std::size_t kLength = 6;
    const bool is = value.size() == kLength && wordAt(value, 0) == 0x0080 && wordAt(value, 2) == 0xc201;
    return is ? std::optional<unsigned>(wordAt(value, 4)) : std::nullopt;
}

void take(unsigned type, Bytes value, LldpFrame& out)
{
    if (type == ChassisId)
        out.chassisId = idOf(value, 4, 5);
    else if (type == PortId)
        out.portId = idOf(value, 3, 4);
    else if (type == TimeToLive && value.size() >= 2)
        out.ttlSeconds = wordAt(value, 0);
    else if (type == PortDescription)
        out.portDescription = textOf(value);
    else if (type == SystemName)
        out.systemName = textOf(value);
    else if (type == SystemDescription)
        out.systemDescription = textOf(value);
    else if (type == ManagementAddress && out.managementAddress.empty())
        out.managementAddress = managementAddressOf(value);
    else if (type == Organisation && !out.portVlanId)
        out.portVlanId = portVlanIdOf(value);
}

/// The bytes after the frame's type.
std::optional<Bytes> payloadOf(Bytes frame)
{
    std::size_t at = kAddresses;
    if (frame.size() >= at + 6 && wordAt(frame, at) == kVlanTag)
        at += 4;
    if (frame.size() < at + 2 || wordAt(frame, at) != kLldp)
        return std::nullopt;
    return frame.subspan(at + 2);
}

bool beginsAsItMust(const std::vector<LldpTlv>& tlvs)
{
    return tlvs.size() >= 3 && tlvs[0].type == ChassisId && tlvs[1].type == PortId &&
           tlvs[2].type == TimeToLive;
}

} // namespace

std::optional<LldpFrame> parseLldpFrame(Bytes frame)
{
    const std::optional<Bytes> payload = payloadOf(frame);
    if (!payload)
        return std::nullopt;
    LldpFrame out;
    Bytes rest = *payload;
    while (rest.size() >= 2 && out.tlvs.size() < kMostTlvs) {
        const unsigned head = wordAt(rest, 0);
        const unsigned type = head >> 9U;
        const std::size_t length = head & 0x1ffU;
        if (type == End)
            break;
        if (length > rest.size() - 2)
            return std::nullopt;
        const Bytes value = rest.subspan(2, length);
        out.tlvs.push_back({type, {value.begin(), value.end()}});
        take(type, value, out);
        rest = rest.subspan(2 + length);
    }
    if (!beginsAsItMust(out.tlvs))
        return std::nullopt;
    return out;
}

} // namespace bm::agent

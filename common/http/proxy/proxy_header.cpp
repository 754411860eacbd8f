#include "common/http/proxy/proxy_header.h"

#include "common/model/error.h"
#include "common/text/text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <netinet/in.h>

namespace bm::http {
namespace {

using platform::IpAddress;

constexpr std::string_view kLineMark = "PROXY ";
constexpr std::size_t kLongestLine = 107; ///< with CRLF; proxy-protocol.txt, 2.1
constexpr std::string_view kBinaryMark("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t kFixed = 16; ///< the mark, version and command, family, length

[[noreturn]] void malformed(const char* why)
{
    throw model::Error(model::ErrorCode::InvalidInput,
                       std::string("not a well-formed PROXY protocol header: ") + why,
                       "the proxy must send the PROXY protocol, or set api.proxy_protocol: false");
}

/// True if @p bytes can begin with @p mark, as far as they have arrived.
bool mayBegin(std::string_view bytes, std::string_view mark)
{
    const std::size_t count = std::min(bytes.size(), mark.size());
    return bytes.substr(0, count) == mark.substr(0, count);
}

using Fields = std::array<std::string_view, 5>; ///< family, source, destination, their ports

Fields fieldsOf(std::string_view line)
{
    Fields fields;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        const std::size_t blank = line.find(' ');
        if ((blank == std::string_view::npos) != (i + 1 == fields.size()))
            malformed("the line does not have five fields");
        fields.at(i) = line.substr(0, blank);
        line.remove_prefix(std::min(blank, line.size() - 1) + 1);
    }
    return fields;
}

IpAddress addressIn(std::string_view text, bool v6)
{
    const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
        return text::isHexDigit(c) || c == '.' || c == ':'; // no bracket, no zone, no zero byte
    });
    const bool ofFamily = (text.find(':') != std::string_view::npos) == v6;
    const std::optional<IpAddress> address = plain && ofFamily ? platform::ipFromText(text) : std::nullopt;
    if (!address)
        malformed("an address is malformed or of another family");
    return *address;
}

void checkPort(std::string_view text)
{
    if (!text::parseNumber<std::uint16_t>(text) || (text.size() > 1 && text.front() == '0'))
        malformed("a port is not a number");
}

std::optional<ProxyHeader> parseLine(std::string_view bytes)
{
    const std::size_t end = bytes.substr(0, kLongestLine).find("\r\n");
    if (end == std::string_view::npos && bytes.size() >= kLongestLine)
        malformed("the line is longer than 107 bytes");
    if (end == std::string_view::npos)
        return std::nullopt;
    const std::string_view line = bytes.substr(kLineMark.size(), end - kLineMark.size());
    ProxyHeader header{.length = end + 2};
    if (line == "UNKNOWN" || line.starts_with("UNKNOWN "))
        return header;
    const Fields fields = fieldsOf(line);
    const bool v6 = fields[0] == "TCP6";
    if (!v6 && fields[0] != "TCP4")
        malformed("neither TCP4, TCP6 nor UNKNOWN");
    header.client = addressIn(fields[1], v6);
    addressIn(fields[2], v6);
    checkPort(fields[3]);
    checkPort(fields[4]);
    return header;
}

std::size_t byteAt(std::string_view bytes, std::size_t place)
{
    return static_cast<unsigned char>(bytes.at(place));
}

std::size_t lengthAt(std::string_view bytes, std::size_t place)
{
    return byteAt(bytes, place) << 8U | byteAt(bytes, place + 1);
}

/// Reads the TLVs, which fill @p bytes. @return the client's use of TLS by PP2_TYPE_SSL
std::optional<bool> tlsIn(std::string_view bytes)
{
    constexpr std::size_t kHead = 3, kTypeSsl = 0x20, kLeastSsl = 5, kClientSsl = 0x01;
    std::optional<bool> tls;
    while (!bytes.empty()) {
        const std::size_t length = bytes.size() < kHead ? bytes.size() : lengthAt(bytes, 1);
        if (bytes.size() < kHead + length)
            malformed("a TLV is longer than the header");
        if (byteAt(bytes, 0) == kTypeSsl) {
            if (length < kLeastSsl)
                malformed("a short TLV of type SSL");
            tls = (byteAt(bytes, kHead) & kClientSsl) != 0;
        }
        bytes.remove_prefix(kHead + length);
    }
    return tls;
}

/// The addresses of a TCP client: source, destination, ports.
IpAddress sourceIn(std::string_view addresses, bool v6)
{
    sockaddr_in6 six{};
    sockaddr_in four{};
    four.sin_family = AF_INET;
    six.sin6_family = AF_INET6;
    std::memcpy(&four.sin_addr, addresses.data(), sizeof four.sin_addr);
    if (v6)
        std::memcpy(&six.sin6_addr, addresses.data(), sizeof six.sin6_addr);
    const auto& generic =
        v6 ? reinterpret_cast<const sockaddr&>(six) : reinterpret_cast<const sockaddr&>(four);
    return *platform::ipFromSockaddr(generic); // of both families there is one
}

std::optional<ProxyHeader> parseBinary(std::string_view bytes)
{
    constexpr std::size_t kLocal = 0x20, kProxy = 0x21;
    constexpr std::size_t kUnspecified = 0x00, kTcp4 = 0x11, kTcp6 = 0x21, kUnixStream = 0x31;
    constexpr std::size_t kBytes4 = 12, kBytes6 = 36, kBytesUnix = 216;
    if (bytes.size() < kFixed)
        return std::nullopt;
    const std::size_t command = byteAt(bytes, 12), family = byteAt(bytes, 13);
    const std::size_t length = lengthAt(bytes, 14);
    if (command != kLocal && command != kProxy)
        malformed("another version than 2, or an unknown command");
    if (kFixed + length > kProxyHeaderLimit)
        malformed("longer than 4096 bytes");
    if (bytes.size() < kFixed + length)
        return std::nullopt;
    ProxyHeader header{.length = kFixed + length};
    if (command == kLocal || family == kUnspecified)
        return header;
    if (family != kTcp4 && family != kTcp6 && family != kUnixStream)
        malformed("the client's connection is not a stream");
    const std::size_t addresses = family == kTcp4 ? kBytes4 : family == kTcp6 ? kBytes6 : kBytesUnix;
    if (length < addresses)
        malformed("the addresses are missing");
    if (family != kUnixStream)
        header.client = sourceIn(bytes.substr(kFixed, addresses), family == kTcp6);
    header.https = tlsIn(bytes.substr(kFixed + addresses, length - addresses));
    return header;
}

} // namespace

std::optional<ProxyHeader> parseProxyHeader(std::string_view bytes)
{
    if (mayBegin(bytes, kBinaryMark))
        return parseBinary(bytes);
    if (mayBegin(bytes, kLineMark))
        return parseLine(bytes);
    malformed("the signature of neither version");
}

} // namespace bm::http

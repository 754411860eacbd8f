#pragma once
#include "bmd/config.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace bm::bmd {

/// What a key was given: a scalar is a list of one; a mapping has its values as JSON text.
struct Given {
    std::vector<std::string> list{};
    std::map<std::string, std::string> map{};
    const std::string& text() const;
};

// Each takes what was given or throws Error InvalidInput whose message says what was expected ("a port from 1
// to 65535").

std::string takeText(const Given& given);
std::filesystem::path takePath(const Given& given); ///< absolute or empty
std::string takeAddress(const Given& given);        ///< IPv4 or IPv6 address, or "localhost"
std::string takeIpv4(const Given& given);           ///< IPv4 address or empty
std::string takeNetmask(const Given& given);        ///< "255.255.255.0" or empty
std::vector<std::string> takeIpv4List(const Given& given);
std::pair<std::string, std::string> takeRange(const Given& given); ///< "10.0.0.10-10.0.0.99" or empty
std::string takeInterface(const Given& given);                     ///< name of a network interface or empty
std::string takeUrl(const Given& given);                           ///< http:// or https://, or empty
std::uint16_t takePort(const Given& given);
bool takeBool(const Given& given); ///< true/false, yes/no, on/off
std::chrono::milliseconds
takeDuration(const Given& given); ///< "250ms", "30s", "5m", "1h30m", "2d"; a unit is a must but for 0
std::chrono::milliseconds takeWait(const Given& given); ///< the same, and not 0
std::string
takeLeaseTime(const Given& given); ///< a duration of whole seconds, at least two minutes, as dnsmasq reads it
std::uint64_t takeSize(const Given& given); ///< "512", "64KiB", "1.5GB", "2TiB": bytes
std::map<std::string, std::string> takeHints(const Given& given);
std::map<std::string, images::PeerAccess> takePeers(const Given& given); ///< by "host:port"
TlsMode takeTls(const Given& given);
AuthMode takeAuth(const Given& given);
pxe::DhcpMode takeDhcpMode(const Given& given);
model::BootMode takeBootMode(const Given& given);
conductor::RelayOrder takeRelayOrder(const Given& given);
platform::LogLevel takeLogLevel(const Given& given);
bool takeLogFormat(const Given& given); ///< whether JSON

/// A whole number within bounds; the message names them.
std::int64_t takeNumber(const Given& given, std::int64_t least, std::int64_t most);
template <std::int64_t Least, std::int64_t Most> std::int64_t takeBetween(const Given& given)
{
    return takeNumber(given, Least, Most);
}

bool isLoopback(const std::string& address);
/// IPv4 as a number in host order; @p text is a valid one.
std::uint32_t ipv4Number(const std::string& text);

} // namespace bm::bmd

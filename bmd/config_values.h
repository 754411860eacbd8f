#pragma once
#include "bmd/config.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace bm::bmd {

/// The raw value of a key: a scalar is a list with one entry; a mapping has its values as JSON text.
struct RawValue {
    std::vector<std::string> list{};
    std::map<std::string, std::string> map{};
    const std::string& text() const;
};

// Each function parses a raw value or throws Error InvalidInput, whose message is the expected form ("a port
// from 1 to 65535").

std::string parseText(const RawValue& raw);
std::filesystem::path parsePath(const RawValue& raw); ///< absolute or empty
std::string parseAddress(const RawValue& raw);        ///< IPv4 or IPv6 address, or "localhost"
std::string parseIpv4(const RawValue& raw);           ///< IPv4 address or empty
std::string parseNetmask(const RawValue& raw);        ///< "255.255.255.0" or empty
std::vector<std::string> parseIpv4List(const RawValue& raw);
std::pair<std::string, std::string> parseRange(const RawValue& raw); ///< "10.0.0.10-10.0.0.99" or empty
std::string parseInterface(const RawValue& raw);                     ///< name of a network interface or empty
std::string parseUrl(const RawValue& raw);                           ///< http:// or https://, or empty
std::uint16_t parsePort(const RawValue& raw);
bool parseBool(const RawValue& raw); ///< true/false, yes/no, on/off
std::chrono::milliseconds
parseDuration(const RawValue& raw); ///< "250ms", "30s", "5m", "1h30m", "2d"; only 0 needs no unit
std::chrono::milliseconds parseWait(const RawValue& raw); ///< a duration greater than 0
std::string parseLeaseTime(const RawValue& raw); ///< whole seconds, at least two minutes, in dnsmasq's form
std::uint64_t parseSize(const RawValue& raw);    ///< "512", "64KiB", "1.5GB", "2TiB": bytes
std::map<std::string, std::string> parseHints(const RawValue& raw);
std::vector<platform::OutgoingTarget> parseTargets(const RawValue& raw); ///< networks, addresses, host names
std::set<std::string> parseProjectSchemes(const RawValue& raw);          ///< "s3", "bm"
std::vector<platform::IpNetwork> parseNetworks(const RawValue& raw);
std::vector<std::string> parseNames(const RawValue& raw);                  ///< host names, in lower case
std::map<std::string, images::PeerAccess> parsePeers(const RawValue& raw); ///< by "host:port"
TlsMode parseTls(const RawValue& raw);
AuthMode parseAuth(const RawValue& raw);
pxe::DhcpMode parseDhcpMode(const RawValue& raw);
model::BootMode parseBootMode(const RawValue& raw);
std::optional<conductor::ConfigDriveLevel> parseConfigDriveLevel(const RawValue& raw);
conductor::RelayOrder parseRelayOrder(const RawValue& raw);
platform::LogLevel parseLogLevel(const RawValue& raw);
bool parseLogFormat(const RawValue& raw); ///< true if JSON

/// A whole number within bounds; the message names them.
std::int64_t parseNumber(const RawValue& raw, std::int64_t least, std::int64_t most);
template <std::int64_t Least, std::int64_t Most> std::int64_t parseBetween(const RawValue& raw)
{
    return parseNumber(raw, Least, Most);
}

bool isLoopback(const std::string& address);
/// An IPv4 address as a number in host byte order; @p text is valid.
std::uint32_t ipv4Number(const std::string& text);

} // namespace bm::bmd

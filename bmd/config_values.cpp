#include "bmd/config_values.h"

#include "common/model/error.h"
#include "common/text/host_address.h"
#include "common/text/text.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <net/if.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>

namespace bm::bmd {
namespace {

[[noreturn]] void expected(const std::string& what)
{
    throw model::Error(model::ErrorCode::InvalidInput, what);
}

template <class T> struct Choice {
    std::string_view text;
    T value;
};

template <class T, std::size_t N> T parseChoice(const RawValue& raw, const std::array<Choice<T>, N>& choices)
{
    std::vector<std::string_view> texts;
    for (const Choice<T>& choice : choices) {
        if (raw.text() == choice.text)
            return choice.value;
        texts.push_back(choice.text);
    }
    expected(fmt::format("one of {}", fmt::join(texts, ", ")));
}

bool isIpv4(const std::string& text)
{
    in_addr address{};
    return ::inet_pton(AF_INET, text.c_str(), &address) == 1;
}

bool isIpv6(const std::string& text)
{
    in6_addr address{};
    return ::inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

/// Removes the unsigned number at the start of @p text and returns it.
std::optional<double> leadingNumber(std::string_view& text)
{
    if (text.empty() || !text::isDigit(text.front()))
        return std::nullopt;
    return text::takeNumber<double>(text);
}

struct Unit {
    std::string_view text;
    double factor;
};

std::optional<double> leadingUnit(std::string_view& text, const std::vector<Unit>& units)
{
    const auto end = std::find_if(text.begin(), text.end(),
                                  [](char c) { return std::isalpha(static_cast<unsigned char>(c)) == 0; });
    const std::string_view word = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    for (const Unit& unit : units)
        if (unit.text == word) {
            text.remove_prefix(word.size());
            return unit.factor;
        }
    return std::nullopt;
}

constexpr double kMaxDurationMs = 3660.0 * 86'400'000.0;

std::optional<std::chrono::milliseconds> durationFrom(std::string_view text)
{
    static const std::vector<Unit> kUnits{{"ms", 1}, {"s", 1e3}, {"m", 60e3}, {"h", 3600e3}, {"d", 86400e3}};
    if (text == "0")
        return std::chrono::milliseconds{0};
    double total = 0;
    bool any = false;
    while (!text.empty()) {
        const auto number = leadingNumber(text);
        const auto unit = leadingUnit(text, kUnits);
        if (!number || !unit)
            return std::nullopt;
        total += *number * *unit;
        any = true;
    }
    if (!any || total > kMaxDurationMs)
        return std::nullopt;
    return std::chrono::milliseconds{std::llround(total)};
}

} // namespace

const std::string& RawValue::text() const
{
    static const std::string kNothing;
    return list.empty() ? kNothing : list.front();
}

std::string parseText(const RawValue& raw)
{
    return raw.text();
}

std::filesystem::path parsePath(const RawValue& raw)
{
    std::filesystem::path path = raw.text();
    if (!path.empty() && !path.is_absolute())
        expected("an absolute path");
    return path;
}

std::string parseAddress(const RawValue& raw)
{
    const std::string& text = raw.text();
    if (!isIpv4(text) && !isIpv6(text) && text != "localhost")
        expected("an IP address to listen on, such as 127.0.0.1, 0.0.0.0 or ::");
    return text;
}

std::string parseIpv4(const RawValue& raw)
{
    if (!raw.text().empty() && !isIpv4(raw.text()))
        expected("an IPv4 address such as 10.77.0.1");
    return raw.text();
}

std::string parseNetmask(const RawValue& raw)
{
    const std::string& text = raw.text();
    if (text.empty())
        return text;
    const std::uint32_t hosts = isIpv4(text) ? ~ipv4Number(text) : ~std::uint32_t{0};
    if ((hosts & (hosts + 1)) != 0 || hosts == ~std::uint32_t{0})
        expected("a netmask such as 255.255.255.0");
    return text;
}

std::vector<std::string> parseIpv4List(const RawValue& raw)
{
    std::vector<std::string> addresses;
    for (const std::string& text : raw.list) {
        if (text.empty())
            continue;
        if (!isIpv4(text))
            expected("a list of IPv4 addresses such as [10.77.0.1, 9.9.9.9]");
        addresses.push_back(text);
    }
    return addresses;
}

std::pair<std::string, std::string> parseRange(const RawValue& raw)
{
    const std::string& text = raw.text();
    if (text.empty())
        return {};
    const auto dash = text.find('-');
    const std::string first = text.substr(0, dash);
    const std::string last = dash == std::string::npos ? "" : text.substr(dash + 1);
    if (!isIpv4(first) || !isIpv4(last) || ipv4Number(first) > ipv4Number(last))
        expected("a range of IPv4 addresses, first to last, such as 10.77.0.100-10.77.0.199");
    return {first, last};
}

std::string parseInterface(const RawValue& raw)
{
    const std::string& text = raw.text();
    const bool fits =
        text.size() < IF_NAMESIZE && text != "." && text != ".." &&
        std::all_of(text.begin(), text.end(), [](char c) {
            return std::isgraph(static_cast<unsigned char>(c)) != 0 && c != '/' && c != ',' && c != ':';
        });
    if (!fits)
        expected("the name of a network interface such as eth1");
    return text;
}

std::string parseUrl(const RawValue& raw)
{
    std::string text = raw.text();
    const bool fits = text.empty() || ((text.starts_with("http://") || text.starts_with("https://")) &&
                                       text.find("://") + 3 < text.size() &&
                                       text.find_first_of(" \t\"'") == std::string::npos);
    if (!fits)
        expected("a URL such as http://10.77.0.1:6386");
    while (!text.empty() && text.back() == '/')
        text.pop_back();
    return text;
}

std::int64_t parseNumber(const RawValue& raw, std::int64_t least, std::int64_t most)
{
    const std::optional<std::int64_t> number = text::parseNumber<std::int64_t>(raw.text());
    if (!number || *number < least || *number > most)
        expected(fmt::format("a whole number from {} to {}", least, most));
    return *number;
}

std::uint16_t parsePort(const RawValue& raw)
{
    return static_cast<std::uint16_t>(parseNumber(raw, 1, std::numeric_limits<std::uint16_t>::max()));
}

bool parseBool(const RawValue& raw)
{
    static constexpr std::array<Choice<bool>, 6> kChoices{
        {{"true", true}, {"false", false}, {"yes", true}, {"no", false}, {"on", true}, {"off", false}}};
    return parseChoice(raw, kChoices);
}

std::chrono::milliseconds parseDuration(const RawValue& raw)
{
    const auto duration = durationFrom(raw.text());
    if (!duration)
        expected("a duration with its unit, such as 250ms, 30s, 5m, 1h30m, at most 3660d");
    return *duration;
}

std::chrono::milliseconds parseWait(const RawValue& raw)
{
    const auto duration = parseDuration(raw);
    if (duration <= std::chrono::milliseconds{0})
        expected("a duration greater than 0, such as 30s, 5m, 1h");
    return duration;
}

std::string parseLeaseTime(const RawValue& raw)
{
    const auto duration = durationFrom(raw.text());
    if (!duration || *duration < std::chrono::minutes{2}) // the minimum of dnsmasq
        expected("a duration of two minutes or more, such as 10m, 1h, 7d");
    return fmt::format("{}", std::chrono::duration_cast<std::chrono::seconds>(*duration).count());
}

std::uint64_t parseSize(const RawValue& raw)
{
    static const std::vector<Unit> kUnits{{"", 1},         {"B", 1},        {"KiB", 0x1p10}, {"MiB", 0x1p20},
                                          {"GiB", 0x1p30}, {"TiB", 0x1p40}, {"PiB", 0x1p50}, {"kB", 1e3},
                                          {"KB", 1e3},     {"MB", 1e6},     {"GB", 1e9},     {"TB", 1e12},
                                          {"PB", 1e15}};
    std::string_view text = raw.text();
    const auto number = leadingNumber(text);
    while (!text.empty() && text.front() == ' ')
        text.remove_prefix(1);
    const auto unit = leadingUnit(text, kUnits);
    if (!number || !unit || !text.empty() || *number * *unit > 0x1p62)
        expected("a size such as 512MiB, 1.5GB, 2TiB (KiB is 1024 bytes, kB is 1000)");
    return static_cast<std::uint64_t>(std::llround(*number * *unit));
}

namespace {

/// Calls @p take with each text of the list @p raw.
template <class Take> void forEachText(const RawValue& raw, Take&& take)
{
    for (const std::string& text : raw.list)
        if (!text.empty())
            take(text);
}

} // namespace

std::vector<platform::OutgoingTarget> parseTargets(const RawValue& raw)
{
    std::vector<platform::OutgoingTarget> targets;
    forEachText(raw, [&](const std::string& text) {
        try {
            targets.push_back(platform::parseOutgoingTarget(text));
        } catch (const model::Error&) {
            expected("a list of networks, addresses and host names, each with a port or without, such as "
                     "[10.9.0.0/16, \"[fd00::1]:443\", images.example:8443]");
        }
    });
    return targets;
}

std::set<std::string> parseProjectSchemes(const RawValue& raw)
{
    std::set<std::string> schemes;
    forEachText(raw, [&](const std::string& text) {
        if (text != "s3" && text != "bm")
            expected("a list of s3 and bm, such as [s3]");
        schemes.insert(text);
    });
    return schemes;
}

std::vector<platform::IpNetwork> parseNetworks(const RawValue& raw)
{
    std::vector<platform::IpNetwork> networks;
    forEachText(raw, [&](const std::string& text) {
        const std::optional<platform::IpNetwork> network = platform::networkFromText(text);
        if (!network)
            expected("a list of networks and addresses such as [10.4.0.0/16, \"fd00:4::/64\"]");
        networks.push_back(*network);
    });
    return networks;
}

std::vector<std::string> parseNames(const RawValue& raw)
{
    std::vector<std::string> names;
    forEachText(raw, [&](const std::string& text) {
        const std::optional<text::HostAddress> name = text::HostAddress::parse(text);
        if (!name || name->kind() != text::HostAddress::Kind::Name)
            expected("a list of host names without a port, such as [bm.example, bm]");
        names.push_back(name->text());
    });
    return names;
}

std::map<std::string, std::string> parseHints(const RawValue& raw)
{
    for (const auto& [name, json] : raw.map)
        if (!nlohmann::json::accept(json) || !nlohmann::json::parse(json).is_object())
            expected(fmt::format("root device hints for \"{}\", such as {{serial: S3X1, size: \">= 100\"}}",
                                 name));
    return raw.map;
}

namespace {

images::PeerAccess parsePeer(const std::string& peer, const nlohmann::json& raw)
{
    images::PeerAccess access;
    for (const auto& [key, value] : raw.items()) {
        const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
        if (key == "username")
            access.username = text;
        else if (key == "password_file")
            access.passwordFile = parsePath({.list = {text}});
        else if (key == "ca_file")
            access.caFile = parsePath({.list = {text}});
        else if (key == "tls")
            access.tls = parseBool({.list = {text}});
        else
            expected(fmt::format("username, password_file, ca_file and tls of the peer \"{}\", not {}", peer,
                                 key));
    }
    return access;
}

} // namespace

std::map<std::string, images::PeerAccess> parsePeers(const RawValue& raw)
{
    std::map<std::string, images::PeerAccess> peers;
    for (const auto& [name, json] : raw.map) {
        const nlohmann::json value = nlohmann::json::parse(json, nullptr, false);
        if (!value.is_object() || name.find(':') == std::string::npos)
            expected("peers by host and port, such as {\"site-b:6385\": {username: copier, password_file: "
                     "/etc/bm/b}}");
        peers[name] = parsePeer(name, value);
    }
    return peers;
}

TlsMode parseTls(const RawValue& raw)
{
    static constexpr std::array<Choice<TlsMode>, 5> kChoices{{{"auto", TlsMode::Auto},
                                                              {"on", TlsMode::On},
                                                              {"off", TlsMode::Off},
                                                              {"true", TlsMode::On},
                                                              {"false", TlsMode::Off}}};
    return parseChoice(raw, kChoices);
}

AuthMode parseAuth(const RawValue& raw)
{
    static constexpr std::array<Choice<AuthMode>, 2> kChoices{
        {{"basic", AuthMode::Basic}, {"none", AuthMode::None}}};
    return parseChoice(raw, kChoices);
}

pxe::DhcpMode parseDhcpMode(const RawValue& raw)
{
    static constexpr std::array<Choice<pxe::DhcpMode>, 4> kChoices{{{"managed", pxe::DhcpMode::Managed},
                                                                    {"proxy", pxe::DhcpMode::Proxy},
                                                                    {"off", pxe::DhcpMode::Off},
                                                                    {"false", pxe::DhcpMode::Off}}};
    return parseChoice(raw, kChoices);
}

std::optional<conductor::ConfigDriveLevel> parseConfigDriveLevel(const RawValue& raw)
{
    using Level = conductor::ConfigDriveLevel;
    static constexpr std::array<Choice<std::optional<Level>>, 4> kChoices{{{"auto", std::nullopt},
                                                                           {"window", Level::Window},
                                                                           {"lease", Level::Lease},
                                                                           {"proved", Level::Proved}}};
    return parseChoice(raw, kChoices);
}

model::BootMode parseBootMode(const RawValue& raw)
{
    static constexpr std::array<Choice<model::BootMode>, 2> kChoices{
        {{"uefi", model::BootMode::Uefi}, {"bios", model::BootMode::Bios}}};
    return parseChoice(raw, kChoices);
}

conductor::RelayOrder parseRelayOrder(const RawValue& raw)
{
    using conductor::RelayOrder;
    static constexpr std::array<Choice<RelayOrder>, 3> kChoices{
        {{"rack", RelayOrder::Rack}, {"address", RelayOrder::Address}, {"join", RelayOrder::Join}}};
    return parseChoice(raw, kChoices);
}

platform::LogLevel parseLogLevel(const RawValue& raw)
{
    using platform::LogLevel;
    static constexpr std::array<Choice<LogLevel>, 4> kChoices{{{"debug", LogLevel::Debug},
                                                               {"info", LogLevel::Info},
                                                               {"warning", LogLevel::Warning},
                                                               {"error", LogLevel::Error}}};
    return parseChoice(raw, kChoices);
}

bool parseLogFormat(const RawValue& raw)
{
    static constexpr std::array<Choice<bool>, 2> kChoices{{{"text", false}, {"json", true}}};
    return parseChoice(raw, kChoices);
}

bool isLoopback(const std::string& address)
{
    return address == "localhost" || address == "::1" || (isIpv4(address) && address.starts_with("127."));
}

std::uint32_t ipv4Number(const std::string& text)
{
    in_addr address{};
    ::inet_pton(AF_INET, text.c_str(), &address);
    return ntohl(address.s_addr);
}

} // namespace bm::bmd

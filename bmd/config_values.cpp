#include "bmd/config_values.h"

#include "common/model/error.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <net/if.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
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

template <class T, std::size_t N> T takeChoice(const Given& given, const std::array<Choice<T>, N>& choices)
{
    std::vector<std::string_view> texts;
    for (const Choice<T>& choice : choices) {
        if (given.text() == choice.text)
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

/// The unsigned number at the start of @p text, which moves behind it.
std::optional<double> leadingNumber(std::string_view& text)
{
    if (text.empty() || std::isdigit(static_cast<unsigned char>(text.front())) == 0)
        return std::nullopt;
    double number = 0;
    const auto parsed =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (parsed.ec != std::errc{})
        return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
    return number;
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

constexpr double kMaxDurationMs = 366.0 * 86'400'000.0;

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

const std::string& Given::text() const
{
    static const std::string kNothing;
    return list.empty() ? kNothing : list.front();
}

std::string takeText(const Given& given)
{
    return given.text();
}

std::filesystem::path takePath(const Given& given)
{
    std::filesystem::path path = given.text();
    if (!path.empty() && !path.is_absolute())
        expected("an absolute path");
    return path;
}

std::string takeAddress(const Given& given)
{
    const std::string& text = given.text();
    if (!isIpv4(text) && !isIpv6(text) && text != "localhost")
        expected("an IP address to listen on, such as 127.0.0.1, 0.0.0.0 or ::");
    return text;
}

std::string takeIpv4(const Given& given)
{
    if (!given.text().empty() && !isIpv4(given.text()))
        expected("an IPv4 address such as 10.77.0.1");
    return given.text();
}

std::string takeNetmask(const Given& given)
{
    const std::string& text = given.text();
    if (text.empty())
        return text;
    const std::uint32_t hosts = isIpv4(text) ? ~ipv4Number(text) : ~std::uint32_t{0};
    if ((hosts & (hosts + 1)) != 0 || hosts == ~std::uint32_t{0})
        expected("a netmask such as 255.255.255.0");
    return text;
}

std::vector<std::string> takeIpv4List(const Given& given)
{
    std::vector<std::string> addresses;
    for (const std::string& text : given.list) {
        if (text.empty())
            continue;
        if (!isIpv4(text))
            expected("a list of IPv4 addresses such as [10.77.0.1, 9.9.9.9]");
        addresses.push_back(text);
    }
    return addresses;
}

std::pair<std::string, std::string> takeRange(const Given& given)
{
    const std::string& text = given.text();
    if (text.empty())
        return {};
    const auto dash = text.find('-');
    const std::string first = text.substr(0, dash);
    const std::string last = dash == std::string::npos ? "" : text.substr(dash + 1);
    if (!isIpv4(first) || !isIpv4(last) || ipv4Number(first) > ipv4Number(last))
        expected("a range of IPv4 addresses, first to last, such as 10.77.0.100-10.77.0.199");
    return {first, last};
}

std::string takeInterface(const Given& given)
{
    const std::string& text = given.text();
    const bool fits =
        text.size() < IF_NAMESIZE && text != "." && text != ".." &&
        std::all_of(text.begin(), text.end(), [](char c) {
            return std::isgraph(static_cast<unsigned char>(c)) != 0 && c != '/' && c != ',' && c != ':';
        });
    if (!fits)
        expected("the name of a network interface such as eth1");
    return text;
}

std::string takeUrl(const Given& given)
{
    std::string text = given.text();
    const bool fits = text.empty() || ((text.starts_with("http://") || text.starts_with("https://")) &&
                                       text.find("://") + 3 < text.size() &&
                                       text.find_first_of(" \t\"'") == std::string::npos);
    if (!fits)
        expected("a URL such as http://10.77.0.1:6386");
    while (!text.empty() && text.back() == '/')
        text.pop_back();
    return text;
}

std::int64_t takeNumber(const Given& given, std::int64_t least, std::int64_t most)
{
    const std::string& text = given.text();
    std::int64_t number = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size() || number < least ||
        number > most)
        expected(fmt::format("a whole number from {} to {}", least, most));
    return number;
}

std::uint16_t takePort(const Given& given)
{
    return static_cast<std::uint16_t>(takeNumber(given, 1, std::numeric_limits<std::uint16_t>::max()));
}

bool takeBool(const Given& given)
{
    static constexpr std::array<Choice<bool>, 6> kChoices{
        {{"true", true}, {"false", false}, {"yes", true}, {"no", false}, {"on", true}, {"off", false}}};
    return takeChoice(given, kChoices);
}

std::chrono::milliseconds takeDuration(const Given& given)
{
    const auto duration = durationFrom(given.text());
    if (!duration)
        expected("a duration with its unit, such as 250ms, 30s, 5m, 1h30m, at most 366d");
    return *duration;
}

std::chrono::milliseconds takeWait(const Given& given)
{
    const auto duration = takeDuration(given);
    if (duration <= std::chrono::milliseconds{0})
        expected("a duration of more than 0, such as 30s, 5m, 1h");
    return duration;
}

std::string takeLeaseTime(const Given& given)
{
    const auto duration = durationFrom(given.text());
    if (!duration || *duration < std::chrono::minutes{2}) // dnsmasq's least
        expected("a duration of two minutes or more, such as 10m, 1h, 7d");
    return fmt::format("{}", std::chrono::duration_cast<std::chrono::seconds>(*duration).count());
}

std::uint64_t takeSize(const Given& given)
{
    static const std::vector<Unit> kUnits{{"", 1},         {"B", 1},        {"KiB", 0x1p10}, {"MiB", 0x1p20},
                                          {"GiB", 0x1p30}, {"TiB", 0x1p40}, {"PiB", 0x1p50}, {"kB", 1e3},
                                          {"KB", 1e3},     {"MB", 1e6},     {"GB", 1e9},     {"TB", 1e12},
                                          {"PB", 1e15}};
    std::string_view text = given.text();
    const auto number = leadingNumber(text);
    while (!text.empty() && text.front() == ' ')
        text.remove_prefix(1);
    const auto unit = leadingUnit(text, kUnits);
    if (!number || !unit || !text.empty() || *number * *unit > 0x1p62)
        expected("a size such as 512MiB, 1.5GB, 2TiB (KiB is 1024 bytes, kB is 1000)");
    return static_cast<std::uint64_t>(std::llround(*number * *unit));
}

std::map<std::string, std::string> takeHints(const Given& given)
{
    for (const auto& [name, json] : given.map)
        if (!nlohmann::json::accept(json) || !nlohmann::json::parse(json).is_object())
            expected(fmt::format("root device hints for \"{}\", such as {{serial: S3X1, size: \">= 100\"}}",
                                 name));
    return given.map;
}

namespace {

images::PeerAccess takePeer(const std::string& peer, const nlohmann::json& given)
{
    images::PeerAccess access;
    for (const auto& [key, value] : given.items()) {
        const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
        if (key == "username")
            access.username = text;
        else if (key == "password_file")
            access.passwordFile = takePath({.list = {text}});
        else if (key == "ca_file")
            access.caFile = takePath({.list = {text}});
        else if (key == "tls")
            access.tls = takeBool({.list = {text}});
        else
            expected(fmt::format("username, password_file, ca_file and tls of the peer \"{}\", not {}", peer,
                                 key));
    }
    return access;
}

} // namespace

std::map<std::string, images::PeerAccess> takePeers(const Given& given)
{
    std::map<std::string, images::PeerAccess> peers;
    for (const auto& [name, json] : given.map) {
        const nlohmann::json value = nlohmann::json::parse(json, nullptr, false);
        if (!value.is_object() || name.find(':') == std::string::npos)
            expected("peers by host and port, such as {\"site-b:6385\": {username: copier, password_file: "
                     "/etc/bm/b}}");
        peers[name] = takePeer(name, value);
    }
    return peers;
}

TlsMode takeTls(const Given& given)
{
    static constexpr std::array<Choice<TlsMode>, 5> kChoices{{{"auto", TlsMode::Auto},
                                                              {"on", TlsMode::On},
                                                              {"off", TlsMode::Off},
                                                              {"true", TlsMode::On},
                                                              {"false", TlsMode::Off}}};
    return takeChoice(given, kChoices);
}

AuthMode takeAuth(const Given& given)
{
    static constexpr std::array<Choice<AuthMode>, 2> kChoices{
        {{"basic", AuthMode::Basic}, {"none", AuthMode::None}}};
    return takeChoice(given, kChoices);
}

pxe::DhcpMode takeDhcpMode(const Given& given)
{
    static constexpr std::array<Choice<pxe::DhcpMode>, 4> kChoices{{{"managed", pxe::DhcpMode::Managed},
                                                                    {"proxy", pxe::DhcpMode::Proxy},
                                                                    {"off", pxe::DhcpMode::Off},
                                                                    {"false", pxe::DhcpMode::Off}}};
    return takeChoice(given, kChoices);
}

model::BootMode takeBootMode(const Given& given)
{
    static constexpr std::array<Choice<model::BootMode>, 2> kChoices{
        {{"uefi", model::BootMode::Uefi}, {"bios", model::BootMode::Bios}}};
    return takeChoice(given, kChoices);
}

conductor::RelayOrder takeRelayOrder(const Given& given)
{
    using conductor::RelayOrder;
    static constexpr std::array<Choice<RelayOrder>, 3> kChoices{
        {{"rack", RelayOrder::Rack}, {"address", RelayOrder::Address}, {"join", RelayOrder::Join}}};
    return takeChoice(given, kChoices);
}

platform::LogLevel takeLogLevel(const Given& given)
{
    using platform::LogLevel;
    static constexpr std::array<Choice<LogLevel>, 4> kChoices{{{"debug", LogLevel::Debug},
                                                               {"info", LogLevel::Info},
                                                               {"warning", LogLevel::Warning},
                                                               {"error", LogLevel::Error}}};
    return takeChoice(given, kChoices);
}

bool takeLogFormat(const Given& given)
{
    static constexpr std::array<Choice<bool>, 2> kChoices{{{"text", false}, {"json", true}}};
    return takeChoice(given, kChoices);
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

#include "common/model/error.h"
#include "common/text/lower_case.h"
#include "drivers/bmc_checks.h"
#include "drivers/fake_hardware.h"
#include "drivers/hardware_types.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <functional>
#include <optional>

#include <fmt/format.h>

namespace bm::drivers {
namespace {

using model::Error;
using model::ErrorCode;
using Values = std::map<std::string, std::string>;

constexpr std::size_t kLongestUser = 16;     ///< bytes, IPMI 2.0
constexpr std::size_t kLongestPassword = 20; ///< bytes, IPMI 2.0
constexpr std::size_t kLongestKgHex = 40;    ///< 20 bytes
constexpr std::string_view kFakePrefix = "fake_";

constexpr std::array<std::string_view, 4> kPrivileges{"CALLBACK", "USER", "OPERATOR", "ADMINISTRATOR"};
/// Of Ironic's keys those that change nothing here, whatever they say.
constexpr std::array<std::string_view, 3> kIgnoredKeys{"ipmi_terminal_port", "ipmi_force_boot_device",
                                                       "ipmi_local_address"};

std::string uppered(std::string_view text)
{
    std::string upper(text);
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](char c) { return static_cast<char>(std::toupper(static_cast<unsigned char>(c))); });
    return upper;
}

bool hasControl(std::string_view text)
{
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

std::optional<int> number(std::string_view text)
{
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

std::optional<bool> boolean(std::string_view text)
{
    const std::string lower = model::lowerCase(text);
    if (lower == "true" || lower == "yes" || lower == "on" || lower == "1")
        return true;
    if (lower == "false" || lower == "no" || lower == "off" || lower == "0")
        return false;
    return std::nullopt;
}

// Each check says what is wrong, or "" when all is well. None quotes a secret.
std::string checkAddress(const std::string& text)
{
    const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' || c == ':' ||
               c == '_' || c == '%';
    });
    if (text.empty() || !plain || text.front() == '-' || text.size() > 253)
        return fmt::format("'{}' is no host name or IP address", text);
    return {};
}

std::string checkPort(const std::string& text)
{
    const std::optional<int> port = number(text);
    return port && *port >= 1 && *port <= 65535 ? "" : fmt::format("'{}' is no UDP port (1 to 65535)", text);
}

std::string checkUser(const std::string& text)
{
    if (text.size() > kLongestUser || hasControl(text))
        return fmt::format("an IPMI user name has at most {} bytes and no control characters", kLongestUser);
    return {};
}

std::string checkPassword(const std::string& text)
{
    if (text.size() > kLongestPassword || hasControl(text))
        return fmt::format("an IPMI 2.0 password has at most {} bytes and no control characters",
                           kLongestPassword);
    return {};
}

std::string checkPrivilege(const std::string& text)
{
    const bool known = std::find(kPrivileges.begin(), kPrivileges.end(), uppered(text)) != kPrivileges.end();
    return known ? "" : fmt::format("'{}' is none of CALLBACK, USER, OPERATOR, ADMINISTRATOR", text);
}

std::string checkKgKey(const std::string& text)
{
    const bool hex = std::all_of(text.begin(), text.end(),
                                 [](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; });
    if (!hex || text.size() % 2 != 0 || text.size() > kLongestKgHex)
        return "must be an even number of hexadecimal digits, at most 40";
    bool zeroSeen = false;
    for (std::size_t at = 0; at < text.size(); at += 2) {
        const bool zero = text.compare(at, 2, "00") == 0;
        if (zeroSeen && !zero)
            return "a zero byte inside the key cannot be handed to ipmitool safely: choose another key";
        zeroSeen = zeroSeen || zero;
    }
    return {};
}

std::string checkCipherSuite(const std::string& text)
{
    if (text == "0")
        return "cipher suite 0 lets anybody in without a password: give 17 or 3";
    return text == "17" || text == "3" ? "" : fmt::format("'{}' is none of 17 and 3", text);
}

std::string checkBoolean(const std::string& text)
{
    return boolean(text) ? "" : fmt::format("'{}' is neither true nor false", text);
}

std::string checkBridging(const std::string& text)
{
    return model::lowerCase(text) == "no" ? "" : "bridged requests are not supported: address the BMC itself";
}

std::string checkProtocol(const std::string& text)
{
    return text == "2.0" ? "" : "only IPMI 2.0 is spoken: its predecessor sends passwords that can be read";
}

struct Key {
    std::string_view name;
    std::string (*check)(const std::string&);
};

constexpr auto kIpmiKeys = std::to_array<Key>({
    {"ipmi_address", checkAddress},
    {"ipmi_port", checkPort},
    {"ipmi_username", checkUser},
    {"ipmi_password", checkPassword},
    {"ipmi_priv_level", checkPrivilege},
    {"ipmi_hex_kg_key", checkKgKey},
    {"ipmi_cipher_suite", checkCipherSuite},
    {"ipmi_disable_boot_timeout", checkBoolean},
    {"ipmi_bridging", checkBridging},
    {"ipmi_protocol_version", checkProtocol},
});

std::string findingOf(const std::string& key, const std::string& value)
{
    const auto known =
        std::find_if(kIpmiKeys.begin(), kIpmiKeys.end(), [&](const Key& k) { return k.name == key; });
    if (known != kIpmiKeys.end()) {
        const std::string wrong = known->check(value);
        return wrong.empty() ? "" : fmt::format("{}: {}", key, wrong);
    }
    const bool ignored = std::find(kIgnoredKeys.begin(), kIgnoredKeys.end(), key) != kIgnoredKeys.end();
    if (!key.starts_with("ipmi_") || ignored)
        return {};
    return fmt::format(
        "{}: no such key; did you mean one of ipmi_address, ipmi_port, ipmi_username, ipmi_password, "
        "ipmi_priv_level, ipmi_hex_kg_key, ipmi_cipher_suite, ipmi_disable_boot_timeout?",
        key);
}

std::vector<std::string> validateIpmi(const Values& values)
{
    std::vector<std::string> findings;
    if (!values.contains("ipmi_address"))
        findings.emplace_back("ipmi_address: missing; it is the BMC's host name or IP address");
    for (const auto& [key, value] : values)
        if (std::string finding = findingOf(key, value); !finding.empty())
            findings.push_back(std::move(finding));
    return findings;
}

std::string valueOr(const Values& values, const std::string& key, const std::string& otherwise)
{
    const auto found = values.find(key);
    return found == values.end() ? otherwise : found->second;
}

BmcAccess ipmiAccess(const Values& values)
{
    BmcAccess bmc;
    bmc.host = values.at("ipmi_address");
    bmc.port = static_cast<std::uint16_t>(number(valueOr(values, "ipmi_port", "623")).value_or(623));
    const bool v6 = bmc.host.find(':') != std::string::npos;
    bmc.key = fmt::format("{}{}{}:{}", v6 ? "[" : "", model::lowerCase(bmc.host), v6 ? "]" : "", bmc.port);
    bmc.user = valueOr(values, "ipmi_username", "");
    bmc.password = valueOr(values, "ipmi_password", "");
    bmc.privilege = uppered(valueOr(values, "ipmi_priv_level", "ADMINISTRATOR"));
    bmc.kgKey = valueOr(values, "ipmi_hex_kg_key", "");
    bmc.cipherSuite = number(valueOr(values, "ipmi_cipher_suite", ""));
    bmc.disableBootTimeout = boolean(valueOr(values, "ipmi_disable_boot_timeout", "true")).value_or(true);
    return bmc;
}

BmcAccess fakeAccess(const std::string& nodeUuid, const Values& values)
{
    BmcAccess bmc;
    bmc.key = nodeUuid;
    bmc.host = "simulated";
    for (const auto& [key, value] : values)
        if (key.starts_with(kFakePrefix))
            bmc.settings[key.substr(kFakePrefix.size())] = value;
    return bmc;
}

} // namespace

void requireReachable(const BmcAccess& bmc)
{
    Values values{{"ipmi_address", bmc.host},         {"ipmi_port", std::to_string(bmc.port)},
                  {"ipmi_username", bmc.user},        {"ipmi_password", bmc.password},
                  {"ipmi_priv_level", bmc.privilege}, {"ipmi_hex_kg_key", bmc.kgKey}};
    if (bmc.cipherSuite)
        values["ipmi_cipher_suite"] = std::to_string(*bmc.cipherSuite);
    const std::vector<std::string> findings = validateIpmi(values);
    if (!findings.empty())
        throw Error(ErrorCode::InvalidInput, findings.front(), "correct the node's driver_info");
}

BmcAccess accessFromDriverInfo(const std::string& hardwareType, const std::string& nodeUuid,
                               const Values& values)
{
    const std::vector<std::string> findings = validateDriverInfo(hardwareType, values);
    if (!findings.empty())
        throw Error(ErrorCode::InvalidInput, findings.front(), "correct the node's driver_info");
    return hardwareType == "ipmi" ? ipmiAccess(values) : fakeAccess(nodeUuid, values);
}

bool isSecretKey(std::string_view key)
{
    const std::string lower = model::lowerCase(key);
    const auto has = [&](std::string_view part) { return lower.find(part) != std::string::npos; };
    return has("password") || has("token") || has("secret") || has("kg_key");
}

std::vector<std::string> validateDriverInfo(const std::string& hardwareType, const Values& values)
{
    if (hardwareType == "ipmi")
        return validateIpmi(values);
    if (hardwareType == "fake-hardware")
        return validateFakeSettings(fakeAccess("", values).settings);
    return {fmt::format("driver: no hardware type '{}'; there are ipmi and fake-hardware", hardwareType)};
}

} // namespace bm::drivers

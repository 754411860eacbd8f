#include "drivers/ipmi/ipmi_access.h"

#include "common/model/error.h"
#include "common/text/host_address.h"
#include "common/text/lower_case.h"
#include "common/text/text.h"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

namespace bm::drivers {
namespace {

using model::Error;
using model::ErrorCode;

constexpr std::size_t kLongestUser = 16;     ///< bytes, IPMI 2.0
constexpr std::size_t kLongestPassword = 20; ///< bytes, IPMI 2.0
constexpr std::size_t kLongestKgHex = 40;    ///< 20 bytes

constexpr std::array<std::string_view, 4> kPrivileges{"CALLBACK", "USER", "OPERATOR", "ADMINISTRATOR"};

std::string uppered(std::string_view text)
{
    std::string upper(text);
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](char c) { return static_cast<char>(std::toupper(static_cast<unsigned char>(c))); });
    return upper;
}

// Each check returns the error, or "" for a valid value. No error contains a secret.
std::string checkPort(const std::string& text)
{
    const std::optional<int> port = wholeNumber(text);
    return port && *port >= 1 && *port <= 65535 ? ""
                                                : fmt::format("'{}' is not a UDP port (1 to 65535)", text);
}

std::string checkUser(const std::string& text)
{
    if (text.size() > kLongestUser || hasControlCharacter(text))
        return fmt::format("an IPMI user name has at most {} bytes and no control characters", kLongestUser);
    return {};
}

std::string checkPassword(const std::string& text)
{
    if (text.size() > kLongestPassword || hasControlCharacter(text))
        return fmt::format("an IPMI 2.0 password has at most {} bytes and no control characters",
                           kLongestPassword);
    return {};
}

std::string checkPrivilege(const std::string& text)
{
    const bool known = std::find(kPrivileges.begin(), kPrivileges.end(), uppered(text)) != kPrivileges.end();
    return known ? "" : fmt::format("'{}' is not one of CALLBACK, USER, OPERATOR, ADMINISTRATOR", text);
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
            return "ipmitool does not accept a zero byte inside the key: choose another key";
        zeroSeen = zeroSeen || zero;
    }
    return {};
}

std::string checkCipherSuite(const std::string& text)
{
    if (text == "0")
        return "cipher suite 0 accepts logins without a password: use 17 or 3";
    const std::optional<int> suite = wholeNumber(text);
    return suite && findCipherSuite(*suite) != nullptr
               ? ""
               : fmt::format("'{}' is not one of 17, 3, or the weaker 16, 15, 2, 1", text);
}

std::string checkBridging(const std::string& text)
{
    return model::lowerCase(text) == "no"
               ? ""
               : "bridged requests are not supported: use the address of the BMC itself";
}

std::string checkProtocol(const std::string& text)
{
    return text == "2.0" ? "" : "bmd supports IPMI 2.0 only: IPMI 1.5 does not encrypt passwords";
}

// ipmitool 1.8.19 crashes at 11 and 12; 6 to 8 use MD5.
constexpr auto kCipherSuites = std::to_array<CipherSuite>({
    {17, ""},
    {3, "cipher suite 3 (SHA-1)"},
    {16, "cipher suite 16 (no encryption)"},
    {15, "cipher suite 15 (no encryption, no integrity)"},
    {2, "cipher suite 2 (SHA-1, no encryption)"},
    {1, "cipher suite 1 (SHA-1, no encryption, no integrity)"},
});

} // namespace

const CipherSuite* findCipherSuite(int id)
{
    const auto* const found = std::find_if(kCipherSuites.begin(), kCipherSuites.end(),
                                           [&](const CipherSuite& suite) { return suite.id == id; });
    return found == kCipherSuites.end() ? nullptr : &*found;
}

std::vector<Property> ipmiProperties()
{
    return {
        {"ipmi_address", "IP address or hostname of the node. Required.", true, false, checkStoredHost,
         checkHost, true, true},
        {"ipmi_port", "remote IPMI RMCP port. Optional.", false, false, checkPort, nullptr, true},
        {"ipmi_username", "username; default is NULL user. Optional.", false, false, checkUser, nullptr,
         false, true},
        {"ipmi_password", "password. Optional.", false, true, checkPassword},
        {"ipmi_priv_level",
         "privilege level; default is ADMINISTRATOR. One of ADMINISTRATOR, CALLBACK, OPERATOR, USER. "
         "Optional.",
         false, false, checkPrivilege},
        {"ipmi_hex_kg_key", "Kg key for IPMIv2 authentication, in hexadecimal. Optional.", false, true,
         checkKgKey},
        {"ipmi_cipher_suite",
         "cipher suite; 17 or 3, detected and remembered by default. 16, 15, 2 and 1 do not encrypt. "
         "Optional.",
         false, false, checkCipherSuite, nullptr, true},
        {"ipmi_disable_boot_timeout",
         "disables the BMC's 60 second boot flag timeout; default is True. Optional.", false, false,
         checkBoolean},
        {"ipmi_bridging", "", false, false, checkBridging, nullptr, true},
        {"ipmi_protocol_version", "", false, false, checkProtocol, nullptr, true},
        // Ironic's keys that have no effect here.
        {"ipmi_terminal_port", ""},
        {"ipmi_force_boot_device", ""},
        {"ipmi_local_address", ""},
    };
}

BmcAccess ipmiAccess(const NodeAccess& node)
{
    const Values& values = node.driverInfo;
    BmcAccess bmc;
    const text::HostAddress host = text::HostAddress::parseStored(values.at("ipmi_address")).value();
    bmc.host = host.text();
    bmc.port = static_cast<std::uint16_t>(wholeNumber(valueOr(values, "ipmi_port", "623")).value_or(623));
    bmc.key = model::lowerCase(host.authority(bmc.port));
    bmc.user = valueOr(values, "ipmi_username", "");
    bmc.password = valueOr(values, "ipmi_password", "");
    bmc.privilege = uppered(valueOr(values, "ipmi_priv_level", "ADMINISTRATOR"));
    bmc.kgKey = valueOr(values, "ipmi_hex_kg_key", "");
    bmc.cipherSuite = wholeNumber(valueOr(values, "ipmi_cipher_suite", ""));
    bmc.vendor = node.vendor;
    if (valueOr(node.learned, "ipmi_learned_from", bmc.key) == bmc.key) { // else of the node's former BMC
        bmc.rememberedSuite = wholeNumber(valueOr(node.learned, "ipmi_cipher_suite", ""));
        bmc.manufacturer =
            text::parseNumber<std::uint32_t>(valueOr(node.learned, "ipmi_manufacturer_id", ""));
    }
    bmc.disableBootTimeout =
        booleanFromText(valueOr(values, "ipmi_disable_boot_timeout", "true")).value_or(true);
    return bmc;
}

void requireReachable(const BmcAccess& bmc)
{
    Values values{{"ipmi_address", bmc.host},         {"ipmi_port", std::to_string(bmc.port)},
                  {"ipmi_username", bmc.user},        {"ipmi_password", bmc.password.text()},
                  {"ipmi_priv_level", bmc.privilege}, {"ipmi_hex_kg_key", bmc.kgKey.text()}};
    if (bmc.cipherSuite)
        values["ipmi_cipher_suite"] = std::to_string(*bmc.cipherSuite);
    for (const Property& property : ipmiProperties()) {
        const auto given = values.find(property.key);
        const std::string wrong =
            given == values.end() || property.check == nullptr ? "" : property.check(given->second);
        if (!wrong.empty())
            throw Error(ErrorCode::InvalidInput, fmt::format("{}: {}", property.key, wrong),
                        "correct the node's driver_info");
    }
}

} // namespace bm::drivers

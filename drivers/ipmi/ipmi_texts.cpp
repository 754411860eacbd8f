#include "drivers/ipmi/ipmi_texts.h"

#include "common/text/lower_case.h"
#include "common/text/text.h"

#include <algorithm>
#include <array>
#include <functional>

#include <fmt/format.h>

namespace bm::drivers {
namespace {

using model::Error;
using model::ErrorCode;

constexpr std::size_t kLongestQuote = 200;

/// Further facts of a pattern; bit flags.
constexpr unsigned kNone = 0;
constexpr unsigned kTransient = 1;
constexpr unsigned kCipher = 2;
constexpr unsigned kWrongState = 4;
constexpr unsigned kRole = 8;

struct Pattern {
    std::string_view text; ///< part of a line, in lower case; "a*b": a, and b somewhere after it
    ErrorCode code;
    unsigned traits;
    std::string_view hint;
};

constexpr std::string_view kCredentialsHint = "correct ipmi_username and ipmi_password (and ipmi_hex_kg_key "
                                              "if the BMC has one); bmd calls again after the change";
constexpr std::string_view kRoleHint =
    "the BMC denies this user the privilege: correct ipmi_priv_level, or the user's privilege on the BMC's "
    "LAN "
    "channel, or the privilege of its cipher suites; bmd calls again after you change ipmi_priv_level or "
    "ipmi_cipher_suite";
constexpr std::string_view kUnreachableHint =
    "check the address, the cable and the VLAN; enable IPMI over LAN on the BMC; allow UDP port 623";
constexpr std::string_view kSilentHint =
    "the BMC stopped answering during the login: some do so for an unknown "
    "user, or when all sessions are in use";
constexpr std::string_view kSessionHint =
    "all sessions of the BMC are in use: close some (web console, monitoring), or reset the BMC";
constexpr std::string_view kBusyHint = "the BMC is busy, starting or updating itself; bmd tries again";
constexpr std::string_view kCipherHint = "the BMC does not support this cipher suite: set ipmi_cipher_suite "
                                         "to 17 or 3, or to one that the BMC lists";
constexpr std::string_view kLostSessionHint = "the BMC lost the login: its sessions are few; bmd tries again";
constexpr std::string_view kUnsupportedHint = "the BMC's firmware does not support this command; update it";

// The first match wins: causes precede the consequences that ipmitool prints after them. The texts of refused
// logins are those of ipmitool's ipmi_rakp_return_codes (IPMI 2.0, table 13-15). RAKP 4 answers a password:
// only a lack of resources leads to another try.
constexpr auto kPatterns = std::to_array<Pattern>({
    {"rakp 4 message indicates an error*insufficient resources", ErrorCode::BmcSessionLimit, kTransient,
     kSessionHint},
    {"rakp 4 message indicates an error*role", ErrorCode::BmcAuthFailed, kNone, kRoleHint},
    {"rakp 4 message indicates an error", ErrorCode::BmcAuthFailed, kNone, kCredentialsHint},
    {"invalid authentication algorithm", ErrorCode::BmcUnsupported, kCipher, kCipherHint},
    {"no matching authentication algorithm", ErrorCode::BmcUnsupported, kCipher, kCipherHint},
    {"invalid integrity algorithm", ErrorCode::BmcUnsupported, kCipher, kCipherHint},
    {"no matching integrity payload", ErrorCode::BmcUnsupported, kCipher, kCipherHint},
    {"invalid confidentiality algorithm", ErrorCode::BmcUnsupported, kCipher, kCipherHint},
    {"no matching confidentiality payload", ErrorCode::BmcUnsupported, kCipher, kCipherHint},
    {"no matching cipher suite", ErrorCode::BmcUnsupported, kCipher, kCipherHint},
    {"unsupported cipher suite", ErrorCode::BmcUnsupported, kCipher, kCipherHint},
    {"is not what we requested 0x", ErrorCode::BmcUnsupported, kCipher, kCipherHint},
    {"rakp 2 hmac is invalid", ErrorCode::BmcAuthFailed, kNone, kCredentialsHint},
    {"invalid integrity check value", ErrorCode::BmcAuthFailed, kNone, kCredentialsHint},
    {"unauthorized name", ErrorCode::BmcAuthFailed, kNone, kCredentialsHint},
    {"invalid name length", ErrorCode::BmcAuthFailed, kNone, kCredentialsHint},
    {"unauthorized guid", ErrorCode::BmcAuthFailed, kNone, kCredentialsHint},
    {"password verification", ErrorCode::BmcAuthFailed, kNone, kCredentialsHint},
    {"invalid user name", ErrorCode::BmcAuthFailed, kNone, kCredentialsHint},
    {"unauthorized role requested", ErrorCode::BmcAuthFailed, kRole, kRoleHint},
    {"invalid role", ErrorCode::BmcAuthFailed, kRole, kRoleHint},
    {"insufficient resources for", ErrorCode::BmcSessionLimit, kTransient, kSessionHint},
    {"message indicates an error*session id", ErrorCode::BmcBusy, kTransient, kLostSessionHint},
    // Any other refusal before a password is checked: of the parameters that the cipher suite gives.
    {"error in open session response message", ErrorCode::BmcUnsupported, kCipher, kCipherHint},
    {"rakp 2 message indicates an error", ErrorCode::BmcUnsupported, kCipher, kCipherHint},
    {"address lookup for", ErrorCode::BmcUnreachable, kNone,
     "the name does not resolve: correct ipmi_address or the name server"},
    {"does not support ipmi v2", ErrorCode::BmcUnsupported, kNone, "enable IPMI 2.0 over LAN on the BMC"},
    {"timeout in open session", ErrorCode::BmcUnreachable, kTransient, kSilentHint},
    {"no response from rakp", ErrorCode::BmcUnreachable, kTransient, kSilentHint},
    {"get auth capabilities error", ErrorCode::BmcUnreachable, kTransient, kUnreachableHint},
    {"error issuing get channel auth", ErrorCode::BmcUnreachable, kTransient, kUnreachableHint},
    {"could not open socket", ErrorCode::BmcUnreachable, kNone, kUnreachableHint},
    {"no route to host", ErrorCode::BmcUnreachable, kTransient, kUnreachableHint},
    {"network is unreachable", ErrorCode::BmcUnreachable, kTransient, kUnreachableHint},
    {"connection refused", ErrorCode::BmcUnreachable, kTransient, kUnreachableHint},
    {"node busy", ErrorCode::BmcBusy, kTransient, kBusyHint},
    {"initialization in progress", ErrorCode::BmcBusy, kTransient, kBusyHint},
    {"in update mode", ErrorCode::BmcBusy, kTransient, kBusyHint},
    {"timeout while processing command", ErrorCode::BmcBusy, kTransient, kBusyHint},
    {"out of space", ErrorCode::BmcBusy, kTransient, kBusyHint},
    {"set session privilege level to*failed: ", ErrorCode::BmcAuthFailed, kRole, kRoleHint},
    {"set session privilege level to", ErrorCode::BmcUnreachable, kTransient, kSilentHint},
    {"not supported in present state", ErrorCode::BmcRejected, kWrongState,
     "the machine's power state does not allow this action"},
    {"insufficient privilege", ErrorCode::BmcRejected, kNone, kRoleHint},
    {"invalid command", ErrorCode::BmcUnsupported, kNone, kUnsupportedHint},
    {"parameter not supported", ErrorCode::BmcUnsupported, kNone, kUnsupportedHint},
    {"unsupported parameter", ErrorCode::BmcUnsupported, kNone, kUnsupportedHint},
    {"parameter out of range", ErrorCode::BmcUnsupported, kNone, kUnsupportedHint},
    {"invalid data field in request", ErrorCode::BmcUnsupported, kNone, kUnsupportedHint},
    {"request data length invalid", ErrorCode::BmcUnsupported, kNone, kUnsupportedHint},
    {"rsp=0x", ErrorCode::BmcRejected, kNone, ""},
    {" failed: ", ErrorCode::BmcRejected, kNone, ""},
    {"unable to set chassis", ErrorCode::BmcUnreachable, kTransient, kUnreachableHint},
    {"unable to get chassis", ErrorCode::BmcUnreachable, kTransient, kUnreachableHint},
    {"no response", ErrorCode::BmcUnreachable, kTransient, kUnreachableHint},
    {"unable to send raw command", ErrorCode::BmcUnreachable, kTransient, kUnreachableHint},
});

// Lines that -v adds even to successful calls.
constexpr auto kNoise = std::to_array<std::string_view>({
    "loading iana pen registry",
    "running get vso capabilities",
    "running get picmg properties",
    "invalid completion code received",
    "discovered ipmb address",
    "interface address",
    "using best available cipher suite",
    "set chassis boot parameter 0 failed",
    "set chassis boot parameter 4 failed",
    "unable to establish",
    "received ipmi/rmcp response packet",
    "raw req (",
    "raw request",
});

constexpr std::string_view kBlanks = " \t\r\n>";

std::string_view trimmed(std::string_view text)
{
    return text::trimmed(text, kBlanks);
}

/// Calls @p visit with each trimmed line until it returns true.
void eachLine(std::string_view text, const std::function<bool(std::string_view)>& visit)
{
    while (!text.empty())
        if (visit(trimmed(text::takeLine(text))))
            return;
}

/// Makes a line of an external program safe for a message: printable ASCII, limited length.
std::string quoted(std::string_view line)
{
    std::string clean;
    for (const char c : line.substr(0, kLongestQuote))
        clean += c >= ' ' && c <= '~' ? c : '?';
    return clean;
}

bool isNoise(std::string_view lowerLine)
{
    return lowerLine.empty() || std::any_of(kNoise.begin(), kNoise.end(), [&](std::string_view noise) {
               return lowerLine.find(noise) != std::string_view::npos;
           });
}

bool matches(std::string_view lowerLine, std::string_view pattern)
{
    const std::size_t star = pattern.find('*');
    const std::string_view head = pattern.substr(0, star);
    const std::size_t at = lowerLine.find(head);
    if (at == std::string_view::npos)
        return false;
    return star == std::string_view::npos ||
           lowerLine.find(pattern.substr(star + 1), at + head.size()) != std::string_view::npos;
}

IpmiFailure failureOf(const Pattern& pattern, std::string_view line)
{
    IpmiFailure failure;
    failure.code = pattern.code;
    failure.message = quoted(line);
    failure.hint = pattern.hint;
    failure.cipherRefused = (pattern.traits & kCipher) != 0;
    failure.roleRefused = (pattern.traits & kRole) != 0;
    failure.wrongState = (pattern.traits & kWrongState) != 0;
    failure.transient = (pattern.traits & kTransient) != 0;
    return failure;
}

/// The value of a line "Name   : value"; nullopt when the line has another name.
std::optional<std::string> valueOf(std::string_view line, std::string_view name)
{
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || trimmed(line.substr(0, colon)) != name)
        return std::nullopt;
    return quoted(trimmed(line.substr(colon + 1)));
}

} // namespace

IpmiFailure classify(std::string_view output)
{
    for (const Pattern& pattern : kPatterns) {
        std::optional<IpmiFailure> found;
        eachLine(output, [&](std::string_view line) {
            const std::string lower = model::lowerCase(line);
            if (!isNoise(lower) && matches(lower, pattern.text))
                found = failureOf(pattern, line);
            return found.has_value();
        });
        if (found)
            return *found;
    }
    IpmiFailure unknown;
    eachLine(output, [&](std::string_view line) {
        if (!isNoise(model::lowerCase(line)))
            unknown.message = quoted(line);
        return !unknown.message.empty();
    });
    if (unknown.message.empty())
        unknown.message = "ipmitool failed without a reason";
    unknown.hint = "check that a BMC answers at this address and port, and its firmware";
    return unknown;
}

model::PowerState parseChassisPower(std::string_view output)
{
    model::PowerState state = model::PowerState::Unknown;
    eachLine(output, [&](std::string_view line) {
        if (line == "Chassis Power is on")
            state = model::PowerState::On;
        else if (line == "Chassis Power is off")
            state = model::PowerState::Off;
        return state != model::PowerState::Unknown;
    });
    if (state == model::PowerState::Unknown)
        throw Error(ErrorCode::BmcBadReply,
                    fmt::format("no power state in the answer: {}", quoted(trimmed(output))));
    return state;
}

BmcIdentity parseMcInfo(std::string_view output)
{
    BmcIdentity identity;
    std::string manufacturerId;
    std::string productId;
    eachLine(output, [&](std::string_view line) {
        const auto readField = [&](std::string& into, std::string_view name) {
            if (const std::optional<std::string> value = valueOf(line, name); value && into.empty())
                into = *value;
        };
        readField(identity.manufacturer, "Manufacturer Name");
        readField(manufacturerId, "Manufacturer ID");
        readField(identity.product, "Product Name");
        readField(productId, "Product ID");
        readField(identity.firmware, "Firmware Revision");
        readField(identity.ipmiVersion, "IPMI Version");
        return false;
    });
    if (identity.ipmiVersion.empty() || identity.firmware.empty())
        throw Error(ErrorCode::BmcBadReply, fmt::format("no answer to mc info: {}", quoted(trimmed(output))));
    identity.manufacturerId = text::parseNumber<std::uint32_t>(manufacturerId);
    if ((identity.manufacturer.empty() || identity.manufacturer.starts_with("Unknown")) &&
        !manufacturerId.empty())
        identity.manufacturer = fmt::format("IANA {}", manufacturerId);
    if (identity.product.empty() || identity.product.starts_with("Unknown"))
        identity.product = productId;
    return identity;
}

namespace {

struct Selector {
    std::string_view text; ///< as ipmitool shows it
    model::BootDevice device;
    std::uint8_t byte;
};
constexpr std::array<Selector, 5> kSelectors{{
    {"Force PXE", model::BootDevice::Pxe, 0x04},
    {"Force Boot from default Hard-Drive", model::BootDevice::Disk, kDiskSelector},
    {"Force Boot from CD/DVD", model::BootDevice::Cdrom, 0x14},
    {"Force Boot into BIOS Setup", model::BootDevice::Bios, 0x18},
    {"Force Boot from default Hard-Drive, request Safe-Mode", model::BootDevice::Safe, 0x0c},
}};
constexpr std::string_view kRemoteMedia = "Force Boot from primary remote media"; // kRemoteMediaSelector

} // namespace

std::uint8_t bootSelector(model::BootDevice device) noexcept
{
    const auto* const found =
        std::find_if(kSelectors.begin(), kSelectors.end(),
                     [&](const Selector& selector) { return selector.device == device; });
    return found == kSelectors.end() ? 0 : found->byte;
}

std::optional<BootRequest> parseBootFlags(std::string_view output, std::uint8_t uefiDisk)
{
    BootRequest request;
    std::optional<model::BootDevice> device;
    bool answered = false, valid = true, remoteMedia = false;
    eachLine(output, [&](std::string_view line) {
        if (line.starts_with("- "))
            line.remove_prefix(2);
        valid = valid && line != "Boot Flag Invalid";
        request.persistent = request.persistent || line == "Options apply to all future boots";
        request.efi = request.efi || line == "BIOS EFI boot";
        constexpr std::string_view kName = "Boot Device Selector :";
        if (!line.starts_with(kName))
            return false;
        answered = true;
        const std::string_view text = trimmed(line.substr(kName.size()));
        remoteMedia = text == kRemoteMedia;
        for (const Selector& selector : kSelectors)
            if (selector.text == text)
                device = selector.device;
        return false;
    });
    if (!answered)
        throw Error(ErrorCode::BmcBadReply, fmt::format("no boot flags: {}", quoted(trimmed(output))));
    if (remoteMedia && request.efi && uefiDisk == kRemoteMediaSelector)
        device = model::BootDevice::Disk;
    if (!device || !valid)
        return std::nullopt;
    request.device = *device;
    return request;
}

} // namespace bm::drivers

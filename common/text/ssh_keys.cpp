#include "common/text/ssh_keys.h"

#include "common/text/base64.h"
#include "common/text/bytes.h"
#include "common/text/lower_case.h"
#include "common/text/text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <fmt/format.h>
#include <optional>
#include <span>

namespace bm::text {

namespace {

constexpr std::size_t kLengthBytes = 4;

/// A key type of OpenSSH and the parts of its key behind the type.
struct KeyType {
    std::string_view name;
    std::size_t parts;
    std::string_view curve; ///< the first part; "": none
    std::size_t pointBytes; ///< exact length of the next part; 0: it varies
};
constexpr auto kTypes = std::to_array<KeyType>({
    {"ssh-rsa", 2, "", 0},      // exponent, modulus
    {"ssh-dss", 4, "", 0},      // p, q, g, y
    {"ssh-ed25519", 1, "", 32}, // point
    {"ecdsa-sha2-nistp256", 2, "nistp256", 65},
    {"ecdsa-sha2-nistp384", 2, "nistp384", 97},
    {"ecdsa-sha2-nistp521", 2, "nistp521", 133},
    {"sk-ssh-ed25519@openssh.com", 2, "", 32},                 // point, application
    {"sk-ecdsa-sha2-nistp256@openssh.com", 3, "nistp256", 65}, // and the application
});

/// The options of authorized_keys, sshd(8). Those with a value end with '='.
constexpr auto kOptions = std::to_array<std::string_view>({"agent-forwarding",
                                                           "cert-authority",
                                                           "command=",
                                                           "environment=",
                                                           "expiry-time=",
                                                           "from=",
                                                           "no-agent-forwarding",
                                                           "no-port-forwarding",
                                                           "no-pty",
                                                           "no-touch-required",
                                                           "no-user-rc",
                                                           "no-x11-forwarding",
                                                           "permitlisten=",
                                                           "permitopen=",
                                                           "port-forwarding",
                                                           "principals=",
                                                           "pty",
                                                           "restrict",
                                                           "tunnel=",
                                                           "user-rc",
                                                           "verify-required",
                                                           "x11-forwarding"});

bool looksLikeType(std::string_view word) noexcept
{
    static constexpr std::array<std::string_view, 3> kBegins{"ssh-", "ecdsa-", "sk-"};
    return word.find('/') == std::string_view::npos &&
           std::ranges::any_of(kBegins, [&](std::string_view begin) { return word.starts_with(begin); });
}

std::string_view takeWord(std::string_view& rest) noexcept
{
    const std::size_t end = std::min(rest.find_first_of(" \t"), rest.size());
    const std::string_view word = rest.substr(0, end);
    rest = trimmed(rest.substr(end));
    return word;
}

/// The strings of SSH's binary format (RFC 4251, section 5); nothing where the last one is cut.
std::optional<std::vector<std::string_view>> stringsOf(std::string_view bytes)
{
    std::vector<std::string_view> found;
    while (!bytes.empty()) {
        if (bytes.size() < kLengthBytes)
            return std::nullopt;
        const std::size_t length = bigEndian<std::uint32_t>(std::as_bytes(std::span(bytes)), 0);
        bytes.remove_prefix(kLengthBytes);
        if (length > bytes.size())
            return std::nullopt;
        found.push_back(bytes.substr(0, length));
        bytes.remove_prefix(length);
    }
    return found;
}

/// sshd takes RSA keys of 1024 bits and more (RequiredRSASize). @param modulus  with a zero byte before a set
/// top bit
bool isShortRsa(std::string_view type, std::string_view modulus)
{
    constexpr std::size_t kLeastBytes = 1024 / 8;
    return type == "ssh-rsa" && modulus.size() - (modulus.starts_with('\0') ? 1 : 0) < kLeastBytes;
}

std::string faultOfKey(std::string_view type, std::string_view base64)
{
    if (type.find("-cert-v0") != std::string_view::npos)
        return "it is a certificate, not a key";
    const auto* const known = std::ranges::find(kTypes, type, &KeyType::name);
    if (known == kTypes.end())
        return fmt::format("OpenSSH has no key type \"{}\"", type.substr(0, 40));
    const std::optional<std::string> bytes = fromBase64(base64);
    const auto parts = bytes ? stringsOf(*bytes) : std::nullopt;
    if (!parts || parts->empty())
        return "the key is cut off, or is not base64";
    if (parts->front() != type)
        return fmt::format("the key is not of the type \"{}\"", type);
    const std::size_t pointAt = known->curve.empty() ? 1 : 2; // behind the type, and the curve
    const bool complete = parts->size() == known->parts + 1 &&
                          std::ranges::none_of(*parts, [](std::string_view part) { return part.empty(); }) &&
                          (known->curve.empty() || (*parts)[1] == known->curve) &&
                          (known->pointBytes == 0 || (*parts)[pointAt].size() == known->pointBytes);
    if (!complete)
        return fmt::format("the key has not the parts of a key of the type \"{}\"", type);
    return isShortRsa(type, parts->back()) ? "an RSA key of fewer than 1024 bits" : "";
}

/// The place of the first character of @p ends outside quotes, else the end of @p text; nothing where a quote
/// is open.
std::optional<std::size_t> endOutsideQuotes(std::string_view text, std::string_view ends)
{
    bool quoted = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text.substr(at).starts_with("\\\""))
            ++at;
        else if (text[at] == '"')
            quoted = !quoted;
        else if (!quoted && ends.find(text[at]) != std::string_view::npos)
            return at;
    }
    return quoted ? std::nullopt : std::optional(text.size());
}

/// The name of an option: up to its value, '=' included.
std::string_view nameOf(std::string_view option)
{
    const std::size_t value = option.find('=');
    return option.substr(0, value == std::string_view::npos ? value : value + 1);
}

/// @param options  separated by commas, each quote closed
std::string faultOfOptions(std::string_view options)
{
    constexpr std::size_t kShown = 40;
    while (true) {
        const std::size_t end = endOutsideQuotes(options, ",").value_or(options.size());
        const std::string_view option = options.substr(0, end);
        if (std::ranges::find(kOptions, model::lowerCase(nameOf(option))) == kOptions.end())
            return fmt::format("\"{}\" is neither a key type nor an option of sshd",
                               option.substr(0, kShown));
        if (end == options.size())
            return {};
        options.remove_prefix(end + 1);
    }
}

} // namespace

std::vector<std::string_view> sshKeyLines(std::string_view text)
{
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf"; // editors of Windows write it
    if (text.starts_with(kByteOrderMark))
        text.remove_prefix(kByteOrderMark.size());
    std::vector<std::string_view> keys;
    for (std::size_t begin = 0; begin < text.size();) { // a line ends with LF, CR LF, or CR as on old Macs
        const std::size_t end = std::min(text.find_first_of("\r\n", begin), text.size());
        if (const std::string_view line = trimmed(text.substr(begin, end - begin));
            !line.empty() && line.front() != '#')
            keys.push_back(line);
        begin = end + 1;
    }
    return keys;
}

bool isSshKey(std::string_view line) noexcept
{
    for (std::string_view rest = trimmed(line); !rest.empty();)
        if (looksLikeType(takeWord(rest)) && !rest.empty())
            return true;
    return false;
}

std::string sshKeyFault(std::string_view line)
{
    constexpr const char* kNoType = "it has no key type such as ssh-ed25519 with its key";
    line = trimmed(line);
    if (line.empty())
        return kNoType;
    std::string_view rest = line;
    if (std::string_view words = line; !looksLikeType(takeWord(words))) {
        const std::optional<std::size_t> end = endOutsideQuotes(line, " \t");
        if (!end)
            return "a quote of its options is not closed";
        if (std::string fault = faultOfOptions(line.substr(0, *end)); !fault.empty())
            return fault;
        rest = trimmed(line.substr(*end));
    }
    const std::string_view type = takeWord(rest);
    if (!looksLikeType(type) || rest.empty())
        return kNoType;
    return faultOfKey(type, takeWord(rest));
}

} // namespace bm::text

#include "common/text/ssh_keys.h"

#include "common/text/base64.h"
#include "common/text/bytes.h"
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
    std::size_t lastBytes; ///< length of the last part; 0 where it varies
};
constexpr auto kTypes = std::to_array<KeyType>({
    {"ssh-rsa", 2, 0},                            // exponent, modulus
    {"ssh-dss", 4, 0},                            // p, q, g, y
    {"ssh-ed25519", 1, 32},                       // point
    {"ecdsa-sha2-nistp256", 2, 65},               // curve, point
    {"ecdsa-sha2-nistp384", 2, 97},               //
    {"ecdsa-sha2-nistp521", 2, 133},              //
    {"sk-ssh-ed25519@openssh.com", 2, 0},         // point, application
    {"sk-ecdsa-sha2-nistp256@openssh.com", 3, 0}, // curve, point, application
});

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

std::string faultOfKey(std::string_view type, std::string_view base64)
{
    if (type.find("-cert-v0") != std::string_view::npos)
        return "it is a certificate, not a key";
    const auto* const known = std::ranges::find(kTypes, type, &KeyType::name);
    if (known == kTypes.end())
        return fmt::format("OpenSSH has no key type \"{}\"", type.substr(0, 40));
    const std::optional<std::string> bytes = fromBase64(base64);
    const auto parts = bytes ? stringsOf(*bytes) : std::nullopt;
    if (!parts)
        return "the key is cut off, or is not base64";
    if (parts->front() != type)
        return fmt::format("the key is not of the type \"{}\"", type);
    const bool complete = parts->size() == known->parts + 1 &&
                          std::ranges::none_of(*parts, [](std::string_view part) { return part.empty(); }) &&
                          (known->lastBytes == 0 || parts->back().size() == known->lastBytes);
    return complete ? "" : fmt::format("the key has not the parts of a key of the type \"{}\"", type);
}

} // namespace

std::vector<std::string_view> sshKeyLines(std::string_view text)
{
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf"; // editors of Windows write it
    if (text.starts_with(kByteOrderMark))
        text.remove_prefix(kByteOrderMark.size());
    std::vector<std::string_view> keys;
    while (!text.empty())
        if (const std::string_view line = trimmed(takeLine(text)); !line.empty() && line.front() != '#')
            keys.push_back(line);
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
    std::string fault = "it has no key type such as ssh-ed25519";
    bool typed = false;
    for (std::string_view rest = trimmed(line); !rest.empty();) {
        const std::string_view type = takeWord(rest);
        std::string_view behind = rest;
        if (!looksLikeType(type) || behind.empty())
            continue;
        std::string found = faultOfKey(type, takeWord(behind)); // an option's text may look like a type, too
        if (found.empty())
            return found;
        if (!typed)
            fault = std::move(found);
        typed = true;
    }
    return fault;
}

} // namespace bm::text

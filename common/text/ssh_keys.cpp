#include "common/text/ssh_keys.h"

#include "common/text/text.h"

#include <array>

namespace bm::text {

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
    static constexpr std::array<std::string_view, 3> kTypes{"ssh-", "ecdsa-", "sk-"};
    bool typed = false;
    for (std::string_view rest = trimmed(line); !rest.empty() && !typed;) {
        const std::size_t end = std::min(rest.find_first_of(" \t"), rest.size());
        const std::string_view word = rest.substr(0, end);
        rest = trimmed(rest.substr(end));
        typed = !rest.empty() && word.find('/') == std::string_view::npos &&
                std::ranges::any_of(kTypes, [&](std::string_view type) { return word.starts_with(type); });
    }
    return typed;
}

} // namespace bm::text

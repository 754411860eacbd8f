#include "common/text/text.h"

namespace bm::text {
namespace {

constexpr unsigned hexValue(char c) noexcept
{
    if (isDigit(c))
        return static_cast<unsigned>(c - '0');
    return static_cast<unsigned>((c >= 'a' ? c - 'a' : c - 'A') + 10);
}

/// Takes the digits at the beginning of @p rest, without leading zeros.
std::string_view takeDigits(std::string_view& rest) noexcept
{
    while (rest.size() > 1 && rest[0] == '0' && isDigit(rest[1]))
        rest.remove_prefix(1);
    const auto end = std::ranges::find_if_not(rest, isDigit);
    const auto count = static_cast<std::size_t>(end - rest.begin());
    const std::string_view digits = rest.substr(0, count);
    rest.remove_prefix(count);
    return digits;
}

} // namespace

std::vector<std::string_view> words(std::string_view text, std::string_view separators)
{
    std::vector<std::string_view> found;
    for (std::size_t begin = text.find_first_not_of(separators); begin != std::string_view::npos;
         begin = text.find_first_not_of(separators, begin)) {
        const std::size_t end = std::min(text.find_first_of(separators, begin), text.size());
        found.push_back(text.substr(begin, end - begin));
        begin = end;
    }
    return found;
}

std::string toHex(std::span<const std::byte> bytes)
{
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string hex;
    hex.reserve(bytes.size() * 2);
    for (const std::byte byte : bytes) {
        hex += kDigits[std::to_integer<unsigned>(byte) >> 4U];
        hex += kDigits[std::to_integer<unsigned>(byte) & 0xfU];
    }
    return hex;
}

std::optional<std::vector<std::byte>> bytesFromHex(std::string_view hex)
{
    if (hex.size() % 2 != 0 || !std::ranges::all_of(hex, isHexDigit))
        return std::nullopt;
    std::vector<std::byte> bytes(hex.size() / 2);
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<std::byte>(hexValue(hex[2 * i]) << 4U | hexValue(hex[2 * i + 1]));
    return bytes;
}

bool naturalLess(std::string_view a, std::string_view b) noexcept
{
    while (!a.empty() && !b.empty()) {
        if (isDigit(a.front()) && isDigit(b.front())) {
            const std::string_view left = takeDigits(a);
            const std::string_view right = takeDigits(b);
            if (left != right)
                return left.size() != right.size() ? left.size() < right.size() : left < right;
            continue;
        }
        if (a.front() != b.front())
            return a.front() < b.front();
        a.remove_prefix(1);
        b.remove_prefix(1);
    }
    return a.size() < b.size();
}

} // namespace bm::text

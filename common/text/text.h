#pragma once
#include <algorithm>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

/// Small functions on texts, for every folder. ASCII only, whatever the locale. Nothing here throws but
/// std::bad_alloc; views point into the argument and live as long as it.
namespace bm::text {

inline constexpr std::string_view kBlanks = " \t\r\n\v\f";

constexpr bool isDigit(char c) noexcept
{
    return c >= '0' && c <= '9';
}

/// Hexadecimal digits of either case.
constexpr bool isHexDigit(char c) noexcept
{
    return isDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// True if @p text has @p digits characters and each is a lower-case hexadecimal digit: a digest as bm writes
/// it.
constexpr bool isLowerHex(std::string_view text, std::size_t digits) noexcept
{
    return text.size() == digits &&
           std::ranges::all_of(text, [](char c) { return isDigit(c) || (c >= 'a' && c <= 'f'); });
}

/// @p text without the characters of @p blanks at its two ends.
constexpr std::string_view trimmed(std::string_view text, std::string_view blanks = kBlanks) noexcept
{
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// The words of @p text: the pieces between characters of @p separators; empty pieces are left out.
std::vector<std::string_view> words(std::string_view text, std::string_view separators = kBlanks);

/// Takes the first line off @p rest and returns it without its '\n'. Loop: while (!rest.empty()).
constexpr std::string_view takeLine(std::string_view& rest) noexcept
{
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return line;
}

/// @p pieces (a range of texts) with @p separator between them.
template <class Range> std::string joined(const Range& pieces, std::string_view separator)
{
    std::string all;
    bool first = true;
    for (const auto& piece : pieces) {
        if (!std::exchange(first, false))
            all += separator;
        all += std::string_view(piece);
    }
    return all;
}

/// The number at the beginning of @p rest, which moves behind it. Nothing, and @p rest unchanged, without a
/// number or for one that T cannot hold. No sign for unsigned T, no '+', no blanks, no "0x".
template <class T>
requires std::is_arithmetic_v<T> std::optional<T> takeNumber(std::string_view& rest, int base = 10)
{
    T value{};
    const char* const end = rest.data() + rest.size();
    std::from_chars_result read{};
    if constexpr (std::floating_point<T>)
        read = std::from_chars(rest.data(), end, value, std::chars_format::fixed);
    else
        read = std::from_chars(rest.data(), end, value, base);
    if (read.ec != std::errc{})
        return std::nullopt;
    rest.remove_prefix(static_cast<std::size_t>(read.ptr - rest.data()));
    return value;
}

/// The number that @p text is as a whole: parseNumber<int>("12x") is nothing. Else as takeNumber().
template <class T>
requires std::is_arithmetic_v<T> std::optional<T> parseNumber(std::string_view text, int base = 10)
{
    const std::optional<T> value = takeNumber<T>(text, base);
    return text.empty() ? value : std::nullopt;
}

/// @p bytes as lower-case hexadecimal digits, two for each byte.
std::string toHex(std::span<const std::byte> bytes);
inline std::string toHex(std::span<const unsigned char> bytes)
{
    return toHex(std::as_bytes(bytes));
}

/// The bytes that @p hex spells, in either case; nothing for an odd count or another character.
std::optional<std::vector<std::byte>> bytesFromHex(std::string_view hex);

/// True if @p a comes before @p b for people: numbers inside by their value, so that web-9 comes before
/// web-10. A strict weak order; texts that differ in leading zeros only are equal.
bool naturalLess(std::string_view a, std::string_view b) noexcept;

} // namespace bm::text

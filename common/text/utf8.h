#pragma once
#include <cstddef>
#include <string_view>

/// UTF-8 by RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
namespace bm::text {

/// Bytes of the sequence that begins with @p lead; 0 when no sequence begins with it.
constexpr std::size_t sequenceLengthByLead(unsigned char lead) noexcept
{
    if (lead < 0x80U)
        return 1;
    if (lead < 0xC2U || lead > 0xF4U)
        return 0;
    return lead < 0xE0U ? 2 : lead < 0xF0U ? 3 : 4;
}

/// Bytes of the sequence at @p at; 0 when the bytes there are not a whole sequence. @p at is inside @p text.
constexpr std::size_t sequenceLength(std::string_view text, std::size_t at) noexcept
{
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(at);
    const std::size_t length = sequenceLengthByLead(lead);
    if (length == 0 || at + length > text.size())
        return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((byte(at + i) & 0xC0U) != 0x80U)
            return 0;
    const unsigned char second = length > 1 ? byte(at + 1) : 0;
    const bool bad = (lead == 0xE0U && second < 0xA0U) || (lead == 0xEDU && second > 0x9FU) ||
                     (lead == 0xF0U && second < 0x90U) || (lead == 0xF4U && second > 0x8FU);
    return bad ? 0 : length;
}

/// The code point of the sequence of @p length bytes at @p at.
constexpr char32_t codePointAt(std::string_view text, std::size_t at, std::size_t length) noexcept
{
    char32_t point = static_cast<unsigned char>(text[at]) & (length == 1 ? 0x7FU : 0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i)
        point = point << 6U | (static_cast<unsigned char>(text[at + i]) & 0x3FU);
    return point;
}

constexpr bool isUtf8(std::string_view text) noexcept
{
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = sequenceLength(text, at);
        if (length == 0)
            return false;
        at += length;
    }
    return true;
}

} // namespace bm::text

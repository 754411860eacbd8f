#include "common/text/printable.h"

#include "common/text/utf8.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>

namespace bm::text {
namespace {

constexpr bool isBidirectional(char32_t point) noexcept
{
    return point == 0x061C || point == 0x200E || point == 0x200F || (point >= 0x202A && point <= 0x202E) ||
           (point >= 0x2066 && point <= 0x2069);
}

constexpr bool isControl(char32_t point) noexcept
{
    return point < 0x20 || (point >= 0x7F && point <= 0x9F) || point == 0x2028 || point == 0x2029;
}

constexpr std::string_view nameOfBreak(char32_t point) noexcept
{
    return point == '\n' ? "\\n" : point == '\t' ? "\\t" : point == '\r' ? "\\r" : "";
}

void append(std::string& out, std::string_view sequence, char32_t point, Breaks breaks)
{
    const std::string_view name = nameOfBreak(point);
    const bool kept = breaks == Breaks::Kept && (point == '\n' || point == '\t');
    if (!kept && !name.empty())
        out += name;
    else if (!kept && (isControl(point) || isBidirectional(point)))
        fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(point));
    else
        out += sequence;
}

/// Appends what is at @p at. @return its bytes in @p text
std::size_t appendNext(std::string& out, std::string_view text, std::size_t at, Breaks breaks)
{
    const std::size_t length = sequenceLength(text, at);
    if (length == 0)
        fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(text[at]));
    else
        append(out, text.substr(at, length), codePointAt(text, at, length), breaks);
    return std::max<std::size_t>(length, 1);
}

} // namespace

std::string printable(std::string_view text, Breaks breaks)
{
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();)
        at += appendNext(out, text, at, breaks);
    return out;
}

std::string shortPrintable(std::string_view text, std::size_t most)
{
    constexpr std::string_view kCut = "...";
    std::string out;
    std::size_t fits = 0; // bytes of `out` that leave room for kCut
    for (std::size_t at = 0; at < text.size();) {
        if (out.size() + kCut.size() <= most)
            fits = out.size();
        at += appendNext(out, text, at, Breaks::Escaped);
        if (out.size() > most)
            return out.substr(0, fits).append(kCut);
    }
    return out;
}

std::size_t unfinishedBytes(std::string_view text) noexcept
{
    constexpr std::size_t kLongest = 3; // a whole sequence has at most four bytes
    for (std::size_t back = 1; back <= std::min(kLongest, text.size()); ++back) {
        const auto byte = static_cast<unsigned char>(text[text.size() - back]);
        if ((byte & 0xC0U) == 0x80U)
            continue; // inside a sequence
        return sequenceLengthByLead(byte) > back ? back : 0;
    }
    return 0;
}

} // namespace bm::text

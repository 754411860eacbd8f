#include "agent/start/boot_csv.h"

#include <algorithm>
#include <cstddef>

namespace bm::agent {
namespace {

constexpr std::size_t kMostLines = 64;

/// The text with "?" for other characters than ASCII.
std::string asciiOf(std::string_view bytes)
{
    const bool big = bytes.starts_with("\xfe\xff");
    const bool marked = big || bytes.starts_with("\xff\xfe");
    const bool wide = marked || (bytes.size() >= 2 && bytes[1] == '\0');
    if (marked)
        bytes.remove_prefix(2);
    std::string out;
    const std::size_t step = wide ? 2 : 1;
    for (std::size_t at = 0; at + step <= bytes.size(); at += step) {
        const char low = bytes[at + (big ? 1 : 0)];
        const char high = wide ? bytes[at + (big ? 0 : 1)] : '\0';
        out += high == '\0' && static_cast<unsigned char>(low) < 0x80 ? low : '?';
    }
    return out;
}

/// The field up to the next comma, without spaces around it. Removes both from @p line.
std::string_view takeField(std::string_view& line)
{
    std::string_view field = line.substr(0, line.find(','));
    line.remove_prefix(std::min(line.size(), field.size() + 1));
    while (field.starts_with(' '))
        field.remove_prefix(1);
    while (field.ends_with(' ') || field.ends_with('\r') || field.ends_with('\0'))
        field.remove_suffix(1);
    return field;
}

bool isFileName(std::string_view text)
{
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return c > ' ' && c < 0x7f && std::string_view("\\/:*?\"<>|[]").find(c) == std::string_view::npos;
    });
}

} // namespace

std::vector<BootCsvLine> parseBootCsv(std::string_view bytes)
{
    const std::string text = asciiOf(bytes);
    std::vector<BootCsvLine> lines;
    for (std::string_view rest = text; !rest.empty() && lines.size() < kMostLines;) {
        std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        const std::string_view loader = takeField(line);
        takeField(line); // the entry's label
        if (isFileName(loader))
            lines.push_back({std::string(loader), !takeField(line).empty()});
    }
    return lines;
}

} // namespace bm::agent

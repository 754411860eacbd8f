#include "agent/disk/scsi_vpd.h"

#include "common/text/text.h"

#include <algorithm>
#include <fmt/format.h>

namespace bm::agent {
namespace {

constexpr std::size_t kHeader = 4;

unsigned at(std::string_view page, std::size_t index)
{
    return static_cast<unsigned char>(page[index]);
}

/// The page's payload; empty for a page other than @p code.
std::string_view payload(std::string_view page, unsigned code)
{
    if (page.size() < kHeader || at(page, 1) != code)
        return {};
    const std::size_t length = at(page, 2) * 256 + at(page, 3);
    return page.substr(kHeader, length);
}

} // namespace

std::string serialFromVpd80(std::string_view page)
{
    std::string_view text = payload(page, 0x80);
    const auto dull = [](char c) { return c == ' ' || c == '\0'; };
    while (!text.empty() && dull(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && dull(text.back()))
        text.remove_suffix(1);
    std::string out(text);
    std::erase_if(out, [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e;
    });
    return out;
}

ScsiWwn wwnFromNaa(std::string_view digits)
{
    ScsiWwn out;
    if (digits.size() < 16 || digits.find_first_not_of("0123456789abcdef") != std::string_view::npos)
        return out;
    out.wwn = fmt::format("0x{}", digits.substr(0, 16));
    out.withExtension = out.wwn;
    if (digits.size() >= 32) {
        out.vendorExtension = fmt::format("0x{}", digits.substr(16, 16));
        out.withExtension = fmt::format("0x{}", digits.substr(0, 32));
    }
    return out;
}

ScsiWwn wwnFromVpd83(std::string_view page)
{
    std::string_view rest = payload(page, 0x83);
    while (rest.size() > kHeader) {
        const std::size_t length = at(rest, 3);
        const std::string_view designator = rest.substr(kHeader, length);
        const bool ofUnit = (at(rest, 1) & 0x30U) == 0;
        const bool naa = (at(rest, 1) & 0x0fU) == 3 && (at(rest, 0) & 0x0fU) == 1;
        if (ofUnit && naa && (designator.size() == 8 || designator.size() == 16))
            return wwnFromNaa(text::toHex(std::as_bytes(std::span(designator))));
        rest.remove_prefix(std::min(kHeader + length, rest.size()));
    }
    return {};
}

} // namespace bm::agent

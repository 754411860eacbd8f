#include "pxe/contacts.h"

#include <array>
#include <regex>
#include <string>

namespace bm::pxe {
namespace {

using Match = std::match_results<std::string_view::const_iterator>;

struct Kind {
    std::string_view word;
    std::string_view kind;
};
constexpr auto kDhcpKinds = std::to_array<Kind>({
    {"DHCPDISCOVER", "dhcp.discover"},
    {"DHCPOFFER", "dhcp.offer"},
    {"DHCPREQUEST", "dhcp.request"},
    {"DHCPACK", "dhcp.ack"},
    {"DHCPNAK", "dhcp.nak"},
    {"PXE", "dhcp.proxy"},
});

std::string_view kindOf(const std::string& word)
{
    for (const Kind& row : kDhcpKinds)
        if (row.word == word)
            return row.kind;
    return {};
}

} // namespace

std::optional<BootContact> contactFromDnsmasq(std::string_view line)
{
    static const std::regex kLine(
        R"((DHCPDISCOVER|DHCPOFFER|DHCPREQUEST|DHCPACK|DHCPNAK|PXE)\([^)]*\) (?:(\d+\.\d+\.\d+\.\d+) )?([0-9a-fA-F:]{17})(?: (.*))?$)");
    Match match;
    if (line.size() > 1024 || !std::regex_search(line.begin(), line.end(), match, kLine))
        return std::nullopt;
    BootContact contact;
    contact.kind = kindOf(match[1].str());
    contact.address = match[2].str();
    contact.mac = model::macFromText(match[3].str());
    contact.detail = match[4].str();
    if (contact.detail == "proxy-ignored" || contact.detail == "ignored") // no boot file, by dhcp-ignore
        contact.kind = "dhcp.ignored";
    if (!contact.mac)
        return std::nullopt;
    return contact;
}

std::optional<BootContact> contactFromTftpd(std::string_view datagram)
{
    static const std::regex kRead(R"(RRQ from (\S+) filename ([^\n]+))");
    static const std::regex kNak(R"(sending NAK \((\d+), ([^)]*)\) to (\S+))");
    Match match;
    if (datagram.size() > 2048)
        return std::nullopt;
    BootContact contact;
    if (std::regex_search(datagram.begin(), datagram.end(), match, kRead)) {
        contact.kind = "tftp.read";
        contact.address = match[1].str();
        contact.detail = match[2].str();
    } else if (std::regex_search(datagram.begin(), datagram.end(), match, kNak)) {
        contact.kind = "tftp.nak";
        contact.address = match[3].str();
        contact.detail = match[2].str();
    } else {
        return std::nullopt;
    }
    constexpr std::string_view kMapped = "::ffff:";
    if (contact.address.starts_with(kMapped))
        contact.address.erase(0, kMapped.size());
    return contact;
}

} // namespace bm::pxe

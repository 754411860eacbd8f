#include "pxe/contacts.h"

#include <array>
#include <regex>
#include <string>

namespace bm::pxe {
namespace {

using Match = std::match_results<std::string_view::const_iterator>;

struct Kind {
    std::string_view word;
    model::EventKind kind;
};
constexpr auto kDhcpKinds = std::to_array<Kind>({
    {"DHCPDISCOVER", model::EventKind::DhcpDiscover},
    {"DHCPOFFER", model::EventKind::DhcpOffer},
    {"DHCPREQUEST", model::EventKind::DhcpRequest},
    {"DHCPACK", model::EventKind::DhcpAck},
    {"DHCPNAK", model::EventKind::DhcpNak},
    {"PXE", model::EventKind::DhcpProxy},
});

std::optional<model::EventKind> kindOf(const std::string& word)
{
    for (const Kind& row : kDhcpKinds)
        if (row.word == word)
            return row.kind;
    return std::nullopt;
}

} // namespace

std::optional<BootContact> contactFromDnsmasq(std::string_view line)
{
    static const std::regex kLine(
        // From the line's start: a vendor class or host name, which dnsmasq logs too, may hold a whole
        // message.
        R"(^dnsmasq-dhcp(?:\[\d+\])?: (?:\d+ )?(DHCPDISCOVER|DHCPOFFER|DHCPREQUEST|DHCPACK|DHCPNAK|PXE)\([^)]*\) (?:(\d+\.\d+\.\d+\.\d+) )?([0-9a-fA-F:]{17})(?: (.*))?$)");
    Match match;
    if (line.size() > 1024 || !std::regex_search(line.begin(), line.end(), match, kLine))
        return std::nullopt;
    BootContact contact;
    contact.kind = kindOf(match[1].str()).value_or(model::EventKind::DhcpDiscover);
    contact.address = match[2].str();
    contact.mac = model::macFromText(match[3].str());
    contact.detail = match[4].str();
    if (contact.detail == "proxy-ignored" || contact.detail == "ignored") // no boot file, by dhcp-ignore
        contact.kind = model::EventKind::DhcpIgnored;
    if (!contact.mac)
        return std::nullopt;
    return contact;
}

std::optional<VendorClass> vendorClassFromDnsmasq(std::string_view line)
{
    static const std::regex kLine(R"(^(dnsmasq-dhcp(?:\[\d+\])?: \d+ )vendor class: (.*)$)");
    Match match;
    if (line.size() > 1024 || !std::regex_search(line.begin(), line.end(), match, kLine))
        return std::nullopt;
    return VendorClass{match[1].str(), match[2].str()};
}

std::optional<BootContact> contactFromTftpd(std::string_view datagram)
{
    static const std::regex kRead(R"(^[^\]]*\[\d+\]: RRQ from (\S+) filename ([^\n]+))");
    static const std::regex kNak(R"(^[^\]]*\[\d+\]: sending NAK \((\d+), ([^)]*)\) to (\S+))");
    Match match;
    if (datagram.size() > 2048)
        return std::nullopt;
    BootContact contact;
    if (std::regex_search(datagram.begin(), datagram.end(), match, kRead)) {
        contact.kind = model::EventKind::TftpRead;
        contact.address = match[1].str();
        contact.detail = match[2].str();
    } else if (std::regex_search(datagram.begin(), datagram.end(), match, kNak)) {
        contact.kind = model::EventKind::TftpNak;
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

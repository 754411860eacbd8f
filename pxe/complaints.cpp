#include "pxe/complaints.h"

#include <array>
#include <regex>
#include <span>

namespace bm::pxe {
namespace {

struct Known {
    std::string_view part;
    std::string_view hint;
};
// Messages of dnsmasq 2.90: src/dhcp.c, src/network.c and src/lease.c.
constexpr auto kDnsmasq = std::to_array<Known>({
    {"failed to bind DHCP server socket: Address already in use",
     "another DHCP server runs on this host: `ss -ulpn 'sport = :67'`; stop it, or set dhcp.mode: off and "
     "let it name the boot files"},
    {"failed to bind DHCP server socket: Permission denied",
     "bmd needs CAP_NET_BIND_SERVICE, as its systemd unit gives it"},
    {"unknown interface",
     "the interface of provisioning.interface is missing: `ip link`; bmd tries again by itself"},
    {"no address range available for DHCP request",
     "dhcp.range lies outside the network of provisioning.interface, or the interface lost its address: `ip "
     "addr`"},
    {"no address available", "every address of dhcp.range is leased: widen it, or shorten dhcp.lease_time"},
    {"cannot open or create lease file",
     "the run folder (paths.run_dir) must belong to the user that bmd runs as"},
    {"not using configured address", "another machine has this address"},
    {"failed", ""},
    {"error", ""},
});
constexpr auto kTftpd = std::to_array<Known>({
    {"socket: Address already in use", "another TFTP server runs on this host: `ss -ulpn 'sport = :69'`; "
                                       "stop it, set tftp.port, or tftp.enabled: false"},
    {"socket: Cannot assign requested address",
     "no interface has provisioning.address: `ip addr`; bmd tries again by itself"},
    {"socket: Permission denied", "bmd needs CAP_NET_BIND_SERVICE, as its systemd unit gives it"},
    {"cannot ", ""},
    {"error", ""},
});

std::optional<Complaint> find(std::span<const Known> known, std::string_view line, const char* prefix)
{
    if (line.size() > 2048)
        return std::nullopt;
    for (const Known& row : known) {
        if (line.find(row.part) == std::string_view::npos)
            continue;
        std::string text = std::regex_replace(std::string(line), std::regex(prefix), "");
        text.erase(text.find_last_not_of(" \n") + 1);
        return Complaint{std::move(text), std::string(row.hint)};
    }
    return std::nullopt;
}

} // namespace

std::optional<Complaint> complaintFromDnsmasq(std::string_view line)
{
    // These lines quote the machine's own text, which may hold any word.
    static const std::regex kQuotes(
        R"(sent size:|vendor class:|user class:|client provides name:|bootfile name:| tags: )");
    if (line.size() > 2048 || std::regex_search(line.begin(), line.end(), kQuotes))
        return std::nullopt;
    return find(kDnsmasq, line, R"(^dnsmasq(-[a-z]+)?(\[\d+\])?: (\d+ )?)");
}

std::optional<Complaint> complaintFromTftpd(std::string_view datagram)
{
    constexpr std::string_view kContact = " from ";
    if (datagram.find(kContact) != std::string_view::npos ||
        datagram.find("sending NAK") != std::string_view::npos)
        return std::nullopt;
    return find(kTftpd, datagram, R"(^(<\d+>)?.*?in\.tftpd\[\d+\]: )");
}

} // namespace bm::pxe

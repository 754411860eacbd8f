#include "pxe/dnsmasq_config.h"

#include "common/text/lower_case.h"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>

namespace bm::pxe {
namespace {

/// True if dnsmasq reads @p name as a lease time or a keyword: "12h", "1042", "ignore".
bool isWordOfDnsmasq(std::string_view name)
{
    std::string label = model::lowerCase(name);
    if (label == "ignore" || label == "infinite")
        return true;
    if (label.size() > 1 && std::string_view("smhdw").find(label.back()) != std::string_view::npos)
        label.pop_back();
    return std::all_of(label.begin(), label.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

/// The RFC 1123 label for DHCP option 12: the first label of a dotted name.
std::string hostLabel(const std::string& name)
{
    const std::string label = name.substr(0, name.find('.'));
    const bool fits = !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
                      std::all_of(label.begin(), label.end(),
                                  [](unsigned char c) { return std::isalnum(c) != 0 || c == '-'; });
    return fits && !isWordOfDnsmasq(label) ? label : std::string{};
}

// Client architectures: RFC 4578 2.1 and its registry (0 BIOS, 7 and 9 x86-64 UEFI, 16 x86-64 UEFI HTTP).
constexpr std::string_view kTags = R"(dhcp-match=set:ipxe,175
dhcp-userclass=set:ipxe,iPXE
dhcp-match=set:bios,option:client-arch,0
dhcp-match=set:efi,option:client-arch,7
dhcp-match=set:efi,option:client-arch,9
dhcp-match=set:efihttp,option:client-arch,16
)";

std::string managedRange(const BootSettings& s)
{
    std::string text = fmt::format("dhcp-range={},{},{},{}\ndhcp-authoritative\ndhcp-ignore-clid\n",
                                   s.rangeFirst, s.rangeLast, s.netmask, s.leaseTime);
    text += s.router.empty() ? "dhcp-option=option:router\n"
                             : fmt::format("dhcp-option=option:router,{}\n", s.router);
    if (s.dns.empty())
        text += "dhcp-option=option:dns-server\n";
    else
        text += fmt::format("dhcp-option=option:dns-server,{}\n", fmt::join(s.dns, ","));
    // Without option 175.176 (no proxy DHCP) iPXE waits two seconds for a proxy DHCP server.
    text += "dhcp-option=tag:ipxe,encap:175,176,1b\n";
    if (s.routerAdvertisements)
        text +=
            fmt::format("enable-ra\ndhcp-range=::,constructor:{0},ra-only\nra-param={0},0,0\n", s.interface);
    return text;
}

std::string managedBoot(const BootSettings& s)
{
    const std::string url = scriptUrl(s);
    return fmt::format("dhcp-boot=tag:known,tag:ipxe,{0}\n"
                       "dhcp-boot=tag:known,tag:!ipxe,tag:bios,undionly.kpxe,,{1}\n"
                       "dhcp-boot=tag:known,tag:!ipxe,tag:efi,snponly.efi,,{1}\n"
                       "dhcp-boot=tag:known,tag:!ipxe,tag:efihttp,http://{1}:{2}/boot/snponly.efi\n"
                       "dhcp-option-force=tag:known,tag:!ipxe,tag:efihttp,option:vendor-class,HTTPClient\n",
                       url, s.address, s.httpPort);
}

// As a proxy dnsmasq (2.90) answers PXEClient alone: HTTP boot needs the other server's help, docs/boot.md.
std::string proxyBoot(const BootSettings& s)
{
    return fmt::format("dhcp-range={0},proxy,{2}\n"
                       "pxe-service=tag:known,tag:!ipxe,x86PC,bm,undionly.kpxe,{0}\n"
                       "pxe-service=tag:known,tag:!ipxe,X86-64_EFI,bm,snponly.efi,{0}\n"
                       "pxe-service=tag:known,tag:!ipxe,BC_EFI,bm,snponly.efi,{0}\n"
                       "pxe-prompt=tag:known,tag:!ipxe,bm,0\n"
                       "dhcp-boot=tag:known,tag:ipxe,{1}\n"
                       "dhcp-ignore=tag:!known\n", // else unknown machines get an offer without a boot file
                       s.address, scriptUrl(s), s.netmask);
}

} // namespace

std::string scriptUrl(const BootSettings& settings)
{
    return fmt::format(
        "http://{}:{}/boot/script?mac=${{netX/mac:hexhyp}}&platform=${{platform}}&buildarch=${{buildarch}}",
        settings.address, settings.httpPort);
}

std::string dnsmasqConfig(const BootSettings& s)
{
    // user= and group=: dnsmasq keeps its user. A change of user or group clears its parent-death signal.
    std::string text = fmt::format(
        "# Made by bmd at each start; changes here are lost. See docs/boot.md.\n"
        "port=0\nkeep-in-foreground\nlog-facility=-\nlog-dhcp\npid-file=\nuser=\ngroup=\nno-ping\n"
        "interface={}\nbind-interfaces\nexcept-interface=lo\n"
        "dhcp-leasefile={}\ndhcp-hostsfile={}\n",
        s.interface, leaseFile(s).string(), (s.runFolder / "dhcp-hosts").string());
    text += kTags;
    text += s.dhcp == DhcpMode::Proxy ? proxyBoot(s) : managedRange(s) + managedBoot(s);
    return text;
}

std::string dhcpHosts(const std::vector<BootHost>& hosts)
{
    std::string text;
    for (const BootHost& host : hosts) {
        const std::string label = hostLabel(host.hostName);
        text += host.mac.text + (label.empty() ? "" : "," + label) + "\n";
    }
    return text;
}

} // namespace bm::pxe

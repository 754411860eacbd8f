#pragma once
#include "common/model/clock.h"
#include "common/model/event_kinds.h"
#include "common/model/mac_address.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace bm::pxe {

enum class DhcpMode : std::uint8_t { Managed, Proxy, Off };

struct BootSettings {
    DhcpMode dhcp = DhcpMode::Off;
    std::string interface; ///< the provisioning network's: "eth1"
    std::string address;   ///< the server's address on it: "10.77.0.1"
    std::string netmask = "255.255.255.0";
    std::string rangeFirst, rangeLast; ///< managed mode
    std::string router;                ///< in DHCP answers; empty: none
    std::vector<std::string> dns{};
    std::string leaseTime = "1h";
    bool routerAdvertisements = false; ///< sent only to shorten iPXE's wait for IPv6 routers
    std::uint16_t httpPort = 6386;     ///< of the provisioning listener
    bool tftp = true;
    std::uint16_t tftpPort = 69;
    std::filesystem::path runFolder = "/run/bm"; ///< dnsmasq's config, leases, host files; tftp root below it
    std::filesystem::path loaderFolder = "/usr/lib/ipxe"; ///< undionly.kpxe, snponly.efi (ipxe.efi)
    std::filesystem::path ramdiskFolder =
        "/usr/lib/bm/ramdisk"; ///< vmlinuz, initrd.img: copied or linked into the TFTP root
    std::string dnsmasq = "/usr/sbin/dnsmasq";
    std::string tftpd = "/usr/sbin/in.tftpd";
};

/// The lease file of dnsmasq in managed mode.
inline std::filesystem::path leaseFile(const BootSettings& settings)
{
    return settings.runFolder / "dnsmasq.leases";
}

/// A machine that the DHCP server knows. Every known machine gets a boot file: an unexpected one gets
/// localDiskScript from the provisioning listener. Unknown machines get no boot file.
struct BootHost {
    model::MacAddress mac;
    std::string hostName;
    bool boot = false; ///< bmd expects it to boot from the network now
};

/// A machine's request on the provisioning network, as dnsmasq or in.tftpd logs it.
struct BootContact {
    model::EventKind kind = model::EventKind::DhcpDiscover; ///< of the areas dhcp and tftp
    std::optional<model::MacAddress> mac{};
    std::string address;       ///< "" when the log line has none
    std::string detail;        ///< file name, host name
    std::string vendorClass{}; ///< of a DHCP message; "": none
    model::UtcTime at{};
};

/// Runs dnsmasq and in.tftpd as supervised children. Thread-safe.
/// Each call that sets the known machines sets all of them; dnsmasq reads them on SIGHUP (dhcp-hostsfile),
/// without a restart.
class BootServices {
public:
    BootServices(BootSettings settings, std::function<void(const BootContact&)> onContact);
    ~BootServices();
    /// Writes the configuration, fills the TFTP root, starts the children. @throws Error with a hint
    /// (interface missing, port taken)
    void start();
    void stop();
    void setHosts(const std::vector<BootHost>& hosts);
    bool healthy() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// The iPXE script of the RAM disk. The provisioning listener serves it at GET /boot/script?mac=...; the DHCP
/// server gives loaders its URL:
/// http://<address>:<port>/boot/script?mac=${net0/mac...}&uuid=${uuid}&platform=${platform}&ip=${ip}
struct RamdiskBoot {
    std::string baseUrl; ///< "http://10.77.0.1:6386"
    std::string nodeUuid;
    model::MacAddress mac;
    std::string bootSecret;     ///< one-time, hex
    std::string extraArguments; ///< from node or configuration
    std::optional<int> vlan{};
};
std::string ramdiskScript(const RamdiskBoot& boot);
/// The iPXE script of a RAM disk deployment: the operator's kernel and initrd, in which the machine stays.
struct ImageBoot {
    std::string baseUrl;   ///< of the node's files: "http://10.77.0.1:6386/boot/nodes/<uuid>/<token>"
    std::string scriptUrl; ///< iPXE fetches it again when a file does not load
    std::string title;
    std::string arguments; ///< "{iso}" in them becomes the address of the image's ISO
    model::MacAddress mac;
    bool configDrive = false; ///< one more initrd: config.img
};
std::string imageScript(const ImageBoot& boot);
/// Boots the machine's own disk at once: BIOS by sanboot or exit, UEFI by exit (docs/boot.md).
/// @param biosDrive  the BIOS's number of that disk
std::string localDiskScript(const std::string& why, unsigned biosDrive = 0x80);
/// Asks again at @p scriptUrl every ten seconds: the machine gets no script now, for the reason @p why.
std::string waitScript(const std::string& why, const std::string& scriptUrl);
/// For an unknown machine: prints a message on its console and exits iPXE.
std::string unknownMachineScript(const model::MacAddress& mac);

} // namespace bm::pxe

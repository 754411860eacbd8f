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
    std::string address;   ///< ours on it: "10.77.0.1"
    std::string netmask = "255.255.255.0";
    std::string rangeFirst, rangeLast; ///< managed mode
    std::string router;                ///< handed out; empty: none
    std::vector<std::string> dns{};
    std::string leaseTime = "1h";
    bool routerAdvertisements = false; ///< only to spare iPXE its wait for IPv6 routers; key in the config
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

/// A machine that DHCP shall know. All known ones get a boot file, since one that asks without being expected
/// is sent to its own disk by its script (localDiskScript); unknown machines get none.
struct BootHost {
    model::MacAddress mac;
    std::string hostName;
    bool boot = false; ///< expected to boot from us now
};

/// Something a machine did on the wire, found in dnsmasq's and in.tftpd's words.
struct BootContact {
    model::EventKind kind = model::EventKind::DhcpDiscover; ///< of the areas dhcp and tftp
    std::optional<model::MacAddress> mac{};
    std::string address; ///< "" when not known
    std::string detail;  ///< file name, vendor class, client arch
    model::UtcTime at{};
};

/// Runs dnsmasq and in.tftpd as supervised children. Thread-safe.
/// The known machines are given whole; changes are picked up without a restart of dnsmasq (SIGHUP,
/// dhcp-hostsfile).
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

/// What iPXE is told. The text of GET /boot/script?mac=..., served over HTTP by the provisioning listener;
/// loaders are told of it by DHCP:
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
/// A kernel and initrd of the operator's, which the machine stays in.
struct ImageBoot {
    std::string baseUrl;   ///< of the node's files: "http://10.77.0.1:6386/boot/nodes/<uuid>/<token>"
    std::string scriptUrl; ///< asked again when something could not be loaded
    std::string title;
    std::string arguments; ///< "{iso}" in them becomes the address of the image's ISO
    model::MacAddress mac;
    bool configDrive = false; ///< one more initrd: config.img
};
std::string imageScript(const ImageBoot& boot);
/// Leaves for the machine's own disk at once: BIOS by sanboot/exit, UEFI by exit, as tried (docs/boot.md).
/// @param biosDrive  the BIOS's number of that disk
std::string localDiskScript(const std::string& why, unsigned biosDrive = 0x80);
/// For an unknown machine that still asks: says so on its console and leaves.
std::string unknownMachineScript(const model::MacAddress& mac);

} // namespace bm::pxe

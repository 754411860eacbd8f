// udev's names of disks by path, on small copies of sysfs: folders as the kernel makes them, with the links
// "subsystem" and without.
#include "agent/disk/path_id.h"
#include "common/platform/files.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

using namespace bm::agent;
namespace fs = std::filesystem;

namespace {

constexpr const char* kSas = "0000:18:00.0/host6/port-6:0/expander-6:0/port-6:0:7/end_device-6:0:7";
constexpr const char* kWide = "0000:18:00.0/host6/port-6:1/end_device-6:1";
constexpr const char* kIscsi = "devices/platform/host3/session2";

/// A disk's folder below sys/, what stands beside it, and udev's name.
struct PathCase {
    std::string disk;
    std::map<std::string, std::string> attributes;
    std::string name;
};

std::string pci(const std::string& rest)
{
    return "devices/pci0000:00/" + rest;
}

const std::vector<PathCase>& cases()
{
    static const std::vector<PathCase> all = {
        {pci("0000:00:1d.0/0000:3c:00.0/nvme/nvme0/nvme0n1"), {}, "pci-0000:3c:00.0-nvme-1"},
        {pci("0000:00:0e.0/pci10001:00/10001:00:02.0/10001:01:00.0/nvme/nvme1/nvme1n1"),
         {},
         "pci-0000:00:0e.0-pci-10001:01:00.0-nvme-1"},
        {pci("0000:00:06.0/nvme/nvme2/nvme2n1"),
         {{pci("0000:00:06.0/nvme/nvme2/nvme2n1/nsid"), "17"}},
         "pci-0000:00:06.0-nvme-17"},
        {pci("0000:00:17.0/ata3/host2/target2:0:0/2:0:0:0/block/sda"),
         {{pci("0000:00:17.0/ata3/ata_port/ata3/port_no"), "3"}},
         "pci-0000:00:17.0-ata-3.0"},
        {pci("0000:00:1f.2/ata9/host8/target8:0:1/8:0:1:0/block/sdb"),
         {{pci("0000:00:1f.2/ata9/ata_port/ata9/port_no"), "1"}},
         "pci-0000:00:1f.2-ata-1.1"},
        {pci("0000:00:1f.2/ata10/host9/target9:2:0/9:2:0:0/block/sdc"), // behind a port multiplier
         {{"class/ata_port/ata10/port_no", "2"}},
         "pci-0000:00:1f.2-ata-2.2.0"},
        {pci("0000:00:1f.2/ata11/host10/target10:0:0/10:0:0:0/block/sdd"), {}, ""},
        {pci("0000:03:00.0/host7/target7:2:5/7:2:5:0/block/sde"), {}, "pci-0000:03:00.0-scsi-0:2:5:0"},
        {pci("0000:04:00.0/host5/target5:0:0/5:0:0:300/block/sdf"),
         {{pci("0000:04:00.0/host4/uevent"), ""}},
         "pci-0000:04:00.0-scsi-1:0:0:300"},
        {pci("0000:00:05.0/virtio2/host2/target2:0:0/2:0:0:1/block/sdg"),
         {},
         "pci-0000:00:05.0-scsi-0:0:0:1"},
        {pci("0000:00:04.0/virtio1/block/vda"), {}, "pci-0000:00:04.0"},
        {pci(std::string(kSas) + "/target6:0:7/6:0:7:0/block/sdh"),
         {{pci("0000:18:00.0/host6/port-6:0/expander-6:0/port-6:0:7/sas_port/port-6:0:7/num_phys"), "1"},
          {pci(std::string(kSas) + "/sas_device/end_device-6:0:7/phy_identifier"), "7"},
          {pci(std::string(kSas) + "/sas_device/end_device-6:0:7/sas_address"), "0x5000c500a1b2c3d5"},
          {pci("0000:18:00.0/host6/port-6:0/expander-6:0/sas_device/expander-6:0/sas_address"),
           "0x500304801f0c893f"}},
         "pci-0000:18:00.0-sas-exp0x500304801f0c893f-phy7-lun-0"},
        {pci("0000:18:00.0/host6/port-6:2/end_device-6:2/target6:0:2/6:0:2:0/block/sdi"),
         {{"class/sas_port/port-6:2/num_phys", "1"},
          {"class/sas_device/end_device-6:2/phy_identifier", "2"},
          {"class/sas_device/end_device-6:2/sas_address", "0x4433221102000000"}},
         "pci-0000:18:00.0-sas-phy2-lun-0"},
        {pci(std::string(kWide) + "/target6:0:1/6:0:1:0/block/sdj"),
         {{pci("0000:18:00.0/host6/port-6:1/sas_port/port-6:1/num_phys"), "4"},
          {pci(std::string(kWide) + "/sas_device/end_device-6:1/sas_address"), "0x5000c50058c9d371"}},
         "pci-0000:18:00.0-sas-0x5000c50058c9d371-lun-0"},
        {pci("0000:05:00.0/host11/rport-11:0-2/target11:0:1/11:0:1:3/block/sdk"),
         {{"class/fc_transport/target11:0:1/port_name", "0x500507680110c4f2"}},
         "pci-0000:05:00.0-fc-0x500507680110c4f2-lun-3"},
        {std::string(kIscsi) + "/target3:0:0/3:0:0:1/block/sdl",
         {{std::string(kIscsi) + "/iscsi_session/session2/targetname", "iqn.2004-01.com.example:data"},
          {std::string(kIscsi) + "/connection2:0/iscsi_connection/connection2:0/persistent_address",
           "192.0.2.7"},
          {std::string(kIscsi) + "/connection2:0/iscsi_connection/connection2:0/persistent_port", "3260"}},
         "ip-192.0.2.7:3260-iscsi-iqn.2004-01.com.example:data-lun-1"},
        {pci("0000:00:14.0/usb1/1-3/1-3.2/1-3.2:1.0/host12/target12:0:0/12:0:0:0/block/sdm"),
         {},
         "pci-0000:00:14.0-usb-0:3.2:1.0-scsi-0:0:0:0"},
        {"devices/LNXSYSTM:00/LNXSYBUS:00/ACPI0004:00/VMBUS:00/f8b3781a-1e82-4818-a1c3-63d806ec15bb/host0/"
         "target0:0:0/0:0:0:2/block/sdn",
         {{"devices/LNXSYSTM:00/LNXSYBUS:00/ACPI0004:00/VMBUS:00/f8b3781a-1e82-4818-a1c3-63d806ec15bb/"
           "device_id",
           "{f8b3781a-1e82-4818-a1c3-63d806ec15bb}"}},
         "acpi-VMBUS:00-vmbus-f8b3781a1e824818a1c363d806ec15bb-lun-2"},
        {"devices/platform/80860F14:00/mmc_host/mmc0/mmc0:0001/block/mmcblk0", {}, "platform-80860F14:00"},
        {pci("0000:00:1a.0/mmc_host/mmc1/mmc1:0001/block/mmcblk1"), {}, ""},
        {"devices/virtual/block/loop0", {}, ""},
    };
    return all;
}

class SysTree {
public:
    explicit SysTree(const PathCase& one)
    {
        fs::create_directories(root() / one.disk);
        for (const auto& [path, text] : one.attributes) {
            fs::create_directories((root() / path).parent_path());
            std::ofstream(root() / path) << text << '\n';
        }
        fs::create_directories(root() / "block");
        fs::create_directory_symlink(root() / one.disk, block(one));
    }
    fs::path root() const { return folder_.path() / "sys"; }
    fs::path block(const PathCase& one) const { return root() / "block" / fs::path(one.disk).filename(); }
    void subsystem(const std::string& device, const std::string& bus) const
    {
        fs::create_symlink("/bus/" + bus, root() / device / "subsystem");
    }

private:
    bm::platform::TemporaryFolder folder_{"bm-path-id"};
};

} // namespace

TEST_CASE("disks have udev's names by path", "[agent][inventory]")
{
    for (const PathCase& one : cases()) {
        const SysTree tree(one);
        CAPTURE(one.disk);
        CHECK(pathId(tree.block(one), tree.root()) == one.name);
    }
}

TEST_CASE("a disk's name by path comes from the buses that the kernel names", "[agent][inventory]")
{
    // The head of an NVMe disk of several paths, and a device of ACPI whose name says nothing.
    const PathCase head{"devices/virtual/nvme-subsystem/nvme-subsys3/nvme3n2",
                        {{"devices/virtual/nvme-subsystem/nvme-subsys3/nvme3n2/nsid", "5"}},
                        "pci-0000:5d:05.5-pci-10000:01:00.0-nvme-5"};
    const SysTree tree(head);
    const std::string controller = pci("0000:5d:05.5/pci10000:00/10000:00:02.0/10000:01:00.0/nvme/nvme3");
    fs::create_directories(tree.root() / controller);
    fs::create_directories(tree.root() / "class/nvme");
    fs::create_directory_symlink(tree.root() / controller, tree.root() / "class/nvme/nvme3");
    tree.subsystem("devices/virtual/nvme-subsystem/nvme-subsys3", "nvme-subsystem");
    tree.subsystem(head.disk, "block");
    CHECK(pathId(tree.block(head), tree.root()) == head.name);
    const PathCase acpi{"devices/LNXSYSTM:00/DISK0001:00/host1/target1:0:0/1:0:0:0/block/sda",
                        {},
                        "acpi-DISK0001:00-scsi-0:0:0:0"};
    const SysTree other(acpi);
    other.subsystem("devices/LNXSYSTM:00/DISK0001:00", "acpi");
    CHECK(pathId(other.block(acpi), other.root()) == acpi.name);
}

TEST_CASE("PCI functions have domains of four to eight digits", "[agent][inventory]")
{
    CHECK(isPciAddress("0000:3c:00.0"));
    CHECK(isPciAddress("10001:01:00.0"));
    CHECK_FALSE(isPciAddress("pci10001:00"));
    CHECK_FALSE(isPciAddress("000:3c:00.0"));
    CHECK_FALSE(isPciAddress("0000:3c:00-0"));
    CHECK_FALSE(isPciAddress("2:0:0:0"));
}

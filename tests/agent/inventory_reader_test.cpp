// Disks and NICs from small copies of sysfs.
#include "agent/base/missing_firmware.h"
#include "agent/disk/inventory_reader.h"
#include "agent/disk/scsi_vpd.h"
#include "common/platform/files.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

using namespace bm::agent;
namespace fs = std::filesystem;
using namespace std::string_literals;

namespace {

/// A simulated sysfs.
class FakeSystem {
public:
    void put(const std::string& path, const std::string& text) const
    {
        const fs::path file = folder_.path() / path;
        fs::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary) << text;
    }
    void link(const std::string& path, const std::string& target) const
    {
        fs::create_directories((folder_.path() / path).parent_path());
        fs::create_directories(folder_.path() / target);
        fs::create_directory_symlink(folder_.path() / target, folder_.path() / path);
    }
    SystemRoots roots() const { return {folder_.path() / "sys", folder_.path() / "proc", "/dev"}; }

private:
    bm::platform::TemporaryFolder folder_{"bm-sysfs"};
};

std::string vpd83(const std::string& naa)
{
    return "\x00\x83\x00"s + static_cast<char>(naa.size() + 4) + "\x01\x03\x00"s +
           static_cast<char>(naa.size()) + naa;
}

bm::wire::Disk onlyDisk(const FakeSystem& system)
{
    const std::vector<bm::wire::Disk> disks = readDisks(system.roots());
    REQUIRE(disks.size() == 1);
    return disks.front();
}

} // namespace

TEST_CASE("a SCSI disk", "[agent][inventory]")
{
    const FakeSystem system;
    const std::string device = "sys/devices/pci0000:00/0000:00:05.0/host0/target0:0:0/0:0:0:0";
    system.link("sys/block/sda/device", device);
    system.put("sys/block/sda/size", "2097152\n");
    system.put("sys/block/sda/queue/rotational", "1\n");
    system.put("sys/block/sda/queue/logical_block_size", "4096\n");
    system.put(device + "/model", "ST4000NM0035    \n");
    system.put(device + "/vendor", "SEAGATE \n");
    system.put(device + "/vpd_pg80", "\x00\x80\x00\x08 ZC1A001"s);
    system.put(device + "/vpd_pg83", vpd83("\x50\x00\xc5\x00\xa1\xb2\xc3\xd4"s));
    const bm::wire::Disk disk = onlyDisk(system);
    CHECK(disk.name == "/dev/sda");
    CHECK(disk.sizeBytes == std::uint64_t{1} << 30U);
    CHECK(disk.logicalSectorBytes == 4096);
    CHECK(disk.rotational);
    CHECK(disk.model == "ST4000NM0035");
    CHECK(disk.vendor == "SEAGATE");
    CHECK(disk.serial == "ZC1A001");
    CHECK(disk.wwn == "0x5000c500a1b2c3d4");
    CHECK(disk.hctl == "0:0:0:0");
    CHECK(disk.byPath == "/dev/disk/by-path/pci-0000:00:05.0-scsi-0:0:0:0");
    CHECK(disk.candidate);
}

TEST_CASE("an NVMe disk", "[agent][inventory]")
{
    const FakeSystem system;
    const std::string device = "sys/devices/pci0000:00/0000:00:06.0/nvme/nvme0";
    system.link("sys/block/nvme0n1/device", device);
    system.put("sys/block/nvme0n1/size", "2048\n");
    system.put("sys/block/nvme0n1/wwid", "eui.0025385b71b00001\n");
    system.put(device + "/model", "SAMSUNG MZQL2960\n");
    system.put(device + "/serial", "S64FNE0R\n");
    const bm::wire::Disk disk = onlyDisk(system);
    CHECK(disk.bus == "nvme");
    CHECK(disk.serial == "S64FNE0R");
    CHECK(disk.wwn == "eui.0025385b71b00001");
    CHECK(disk.byPath == "/dev/disk/by-path/pci-0000:00:06.0-nvme-1");
}

TEST_CASE("an eMMC is one disk, without its boot areas", "[agent][inventory][mmc]")
{
    const FakeSystem system;
    const std::string device = "sys/devices/pci0000:00/0000:00:1c.0/mmc_host/mmc0/mmc0:0001";
    for (const char* name :
         {"mmcblk0", "mmcblk0boot0", "mmcblk0boot1", "mmcblk0rpmb", "mmcblk0gp0", "mmcblk0gp3"}) {
        system.link("sys/block/"s + name + "/device", device);
        system.put("sys/block/"s + name + "/size", "30535680\n");
    }
    system.put(device + "/name", "DG4016\n");
    system.put(device + "/manfid", "0x000045\n");
    system.put(device + "/serial", "0x5a4b3c2d\n");
    system.put(device + "/type", "MMC\n");
    const bm::wire::Disk disk = onlyDisk(system);
    CHECK(disk.name == "/dev/mmcblk0");
    CHECK(disk.bus == "mmc");
    CHECK(disk.model == "DG4016");
    CHECK(disk.vendor == "0x000045");
    CHECK(disk.serial == "0x5a4b3c2d");
    CHECK(disk.candidate);
}

TEST_CASE("devices without their firmware are named with its package", "[agent][firmware]")
{
    const FakeSystem system;
    system.put("sys/missing", "none\nbnx2/bnx2-mips-09-6.2.1b.fw firmware-bnx2 bnx2 0000:01:00.0\n\nx y\n");
    CHECK(
        missingFirmware(system.roots().sys / "missing") ==
        std::vector<std::string>{"bnx2 0000:01:00.0 lacks its firmware bnx2/bnx2-mips-09-6.2.1b.fw; Debian's "
                                 "package: firmware-bnx2"});
    CHECK(missingFirmware(system.roots().sys / "none").empty());
}

TEST_CASE("a virtio disk", "[agent][inventory]")
{
    const FakeSystem system;
    const std::string device = "sys/devices/pci0000:00/0000:00:04.0/virtio1";
    system.link("sys/block/vda/device", device);
    system.put("sys/block/vda/size", "20971520\n");
    system.put("sys/block/vda/serial", "lab-bios-0\n");
    const bm::wire::Disk disk = onlyDisk(system);
    CHECK(disk.serial == "lab-bios-0");
    CHECK(disk.hctl.empty());
    CHECK(disk.byPath == "/dev/disk/by-path/pci-0000:00:04.0");
}

TEST_CASE("virtual media and other devices are no disks", "[agent][inventory]")
{
    const FakeSystem system;
    const std::string device =
        "sys/devices/pci0000:00/0000:00:14.0/usb1/1-3/1-3:1.0/host9/target9:0:0/9:0:0:0";
    system.link("sys/block/sdq/device", device);
    system.put("sys/block/sdq/size", "20480\n");
    system.put("sys/block/sdq/removable", "1\n");
    system.put(device + "/vendor", "iDRAC\n");
    system.put(device + "/model", "Virtual Floppy\n");
    system.put("sys/block/loop0/size", "20480\n");
    system.put("sys/block/dm-0/size", "20480\n");
    system.put("sys/block/md127/size", "20480\n");
    const bm::wire::Disk disk = onlyDisk(system);
    CHECK_FALSE(disk.candidate);
    CHECK(disk.verdict == "virtual media of the BMC");
    CHECK(disk.byPath == "/dev/disk/by-path/pci-0000:00:14.0-usb-0:3:1.0-scsi-0:0:0:0");
}

TEST_CASE("NICs and firmware", "[agent][inventory]")
{
    const FakeSystem system;
    system.link("sys/class/net/eth0", "sys/devices/pci0000:00/0000:00:03.0/virtio0/net/eth0");
    system.link("sys/devices/pci0000:00/0000:00:03.0/virtio0/net/eth0/device",
                "sys/devices/pci0000:00/0000:00:03.0/virtio0");
    system.put("sys/class/net/eth0/type", "1\n");
    system.put("sys/class/net/eth0/address", "52:54:00:12:34:56\n");
    system.put("sys/class/net/eth0/speed", "-1\n");
    system.put("sys/class/net/eth0/carrier", "1\n");
    system.put("sys/class/net/lo/type", "772\n");
    system.put("sys/class/dmi/id/product_uuid", "4C4C4544-0000-1000-8000-000000000001\n");
    system.put("sys/firmware/efi/fw_platform_size", "64\n");
    system.put("proc/meminfo", "MemTotal:       524288 kB\n");
    system.put("proc/cpuinfo", "processor\t: 0\nmodel name\t: A CPU\nprocessor\t: 1\nmodel name\t: A CPU\n");
    const bm::wire::Inventory inventory = readInventory("52:54:00:12:34:56", system.roots());
    REQUIRE(inventory.nics.size() == 1);
    CHECK(inventory.nics[0].mac == "52:54:00:12:34:56");
    CHECK(inventory.nics[0].speedMbps == 0);
    CHECK(inventory.nics[0].carrier);
    CHECK(inventory.nics[0].pci == "0000:00:03.0");
    CHECK(inventory.firmware == "uefi");
    CHECK(inventory.systemUuid == "4c4c4544-0000-1000-8000-000000000001");
    CHECK(inventory.cpus == 2);
    CHECK(inventory.cpuModel == "A CPU");
    CHECK(inventory.memoryBytes == std::uint64_t{512} << 20U);
}

TEST_CASE("invalid VPD pages yield nothing", "[agent][inventory]")
{
    const std::string page = GENERATE(as<std::string>{}, ""s, "\x00"s, "\x00\x83"s, "\x00\x83\xff\xff"s,
                                      "\x00\x83\x00\x08\x01\x03\x00\xff"s,
                                      "\x00\x83\x00\x04\x01\x03\x00\x00"s, "\x00\x80\x00\x02  "s);
    CHECK(wwnFromVpd83(page).wwn.empty());
    CHECK(serialFromVpd80(page).empty());
}

TEST_CASE("NAA 6 has an extension", "[agent][inventory]")
{
    const ScsiWwn wwn =
        wwnFromVpd83(vpd83("\x60\x05\x07\x68\x01\x02\x03\x04\x00\x00\x00\x00\x00\x00\x00\x2a"s));
    CHECK(wwn.wwn == "0x6005076801020304");
    CHECK(wwn.vendorExtension == "0x000000000000002a");
    CHECK(wwn.withExtension == "0x6005076801020304000000000000002a");
}

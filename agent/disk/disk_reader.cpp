// Reads the disks from sysfs.
#include "agent/disk/inventory_reader.h"
#include "agent/disk/path_id.h"
#include "agent/disk/scsi_vpd.h"
#include "common/text/text.h"

#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <sstream>
#include <system_error>

namespace bm::agent {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kSysfsSector = 512; ///< sysfs's unit, whatever the disk's sector size is

std::string readBytes(const fs::path& path)
{
    std::ifstream file(path, std::ios::binary);
    std::ostringstream out;
    out << file.rdbuf();
    return out.str();
}

std::uint64_t readNumber(const fs::path& path, std::uint64_t otherwise = 0)
{
    const std::string attribute = readAttribute(path);
    std::string_view rest = attribute;
    return text::takeNumber<std::uint64_t>(rest).value_or(otherwise);
}

bool contains(const std::string& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

std::string busOf(const fs::path& device, const std::string& name)
{
    std::error_code ignored;
    const std::string path = fs::canonical(device, ignored).string();
    if (name.starts_with("nvme"))
        return "nvme";
    if (contains(path, "/usb"))
        return "usb";
    if (name.starts_with("vd"))
        return "virtio";
    if (name.starts_with("mmcblk"))
        return "mmc";
    if (contains(path, "/ata"))
        return "ata";
    return name.starts_with("sd") || name.starts_with("sr") ? "scsi" : "";
}

void readNames(const fs::path& device, wire::Disk& disk)
{
    disk.model = readAttribute(device / "model");
    disk.vendor = readAttribute(device / "vendor");
    if (disk.bus == "virtio" && disk.vendor.starts_with("0x"))
        disk.vendor = disk.vendor == "0x1af4" || disk.vendor == "0x554d4551" ? "QEMU" : disk.vendor;
    if (disk.bus == "nvme" && disk.vendor.empty())
        disk.vendor = readAttribute(device / "device" / "vendor");
    if (disk.bus == "mmc") {
        disk.model = readAttribute(device / "name");
        disk.vendor = readAttribute(device / "manfid"); // a number: "0x000015"
    }
}

void readSerial(const fs::path& block, const fs::path& device, wire::Disk& disk)
{
    disk.serial = readAttribute(block / "serial"); // virtio
    if (disk.serial.empty())
        disk.serial = readAttribute(device / "serial"); // NVMe, MMC
    if (disk.serial.empty())
        disk.serial = serialFromVpd80(readBytes(device / "vpd_pg80"));
}

void readWwn(const fs::path& block, const fs::path& device, wire::Disk& disk)
{
    ScsiWwn wwn = wwnFromVpd83(readBytes(device / "vpd_pg83"));
    std::string wwid = readAttribute(block / "wwid"); // NVMe: "eui.…", "nvme.…", "uuid.…"
    if (wwid.empty())
        wwid = readAttribute(device / "wwid"); // SCSI: "naa.…", "t10.…"
    if (wwn.wwn.empty() && wwid.starts_with("naa."))
        wwn = wwnFromNaa(std::string_view(wwid).substr(4));
    if (wwn.wwn.empty() && disk.bus == "nvme")
        wwn = {wwid, wwid, {}};
    disk.wwn = wwn.wwn;
    disk.wwnWithExtension = wwn.withExtension;
    disk.wwnVendorExtension = wwn.vendorExtension;
}

wire::Disk readDisk(const fs::path& block, const SystemRoots& roots)
{
    const std::string name = block.filename().string();
    const fs::path device = block / "device";
    wire::Disk disk;
    disk.name = (roots.dev / name).string();
    disk.sizeBytes = readNumber(block / "size") * kSysfsSector;
    disk.logicalSectorBytes = static_cast<std::uint32_t>(readNumber(block / "queue/logical_block_size", 512));
    disk.physicalSectorBytes =
        static_cast<std::uint32_t>(readNumber(block / "queue/physical_block_size", 512));
    disk.rotational = readNumber(block / "queue/rotational") != 0;
    disk.removable = readNumber(block / "removable") != 0;
    disk.readOnly = readNumber(block / "ro") != 0;
    disk.bus = busOf(device, name);
    readNames(device, disk);
    readSerial(block, device, disk);
    readWwn(block, device, disk);
    std::error_code ignored;
    if (const std::string unit = fs::canonical(device, ignored).filename().string();
        std::ranges::count(unit, ':') == 3)
        disk.hctl = unit; // "0:0:0:0"
    if (const std::string id = pathId(block, roots.sys); !id.empty())
        disk.byPath = "/dev/disk/by-path/" + id;
    return disk;
}

/// Devices that are not disks.
bool isPseudo(const std::string& name)
{
    for (const std::string_view prefix : {"loop", "ram", "zram", "nbd", "fd", "md", "dm-"})
        if (name.starts_with(prefix))
            return true;
    // Areas of an eMMC: boot partitions, replay-protected memory, general-purpose partitions.
    return name.starts_with("mmcblk") &&
           (contains(name, "boot") || contains(name, "rpmb") || contains(name, "gp"));
}

} // namespace

std::string readAttribute(const fs::path& path)
{
    std::ifstream file(path, std::ios::binary);
    std::string line;
    std::getline(file, line);
    const auto dull = [](char c) { return c == ' ' || c == '\t' || c == '\0' || c == '\r'; };
    while (!line.empty() && dull(line.back()))
        line.pop_back();
    line.erase(line.begin(), std::ranges::find_if_not(line, dull));
    return line;
}

std::vector<wire::Disk> readDisks(const SystemRoots& roots)
{
    std::vector<wire::Disk> disks;
    std::error_code ignored;
    for (const fs::directory_entry& entry : fs::directory_iterator(roots.sys / "block", ignored)) {
        const std::string name = entry.path().filename().string();
        const bool path = readNumber(entry.path() / "hidden") != 0; // a path of a multipath NVMe
        if (!isPseudo(name) && !path)
            disks.push_back(readDisk(entry.path(), roots));
    }
    std::ranges::sort(disks, {},
                      [](const wire::Disk& disk) { return std::pair(disk.name.size(), disk.name); });
    wire::judgeDisks(disks);
    return disks;
}

} // namespace bm::agent

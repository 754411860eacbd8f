#include "common/wire/agent/inventory.h"

#include "common/text/lower_case.h"
#include "common/wire/json/json_reader.h"

#include <algorithm>
#include <fmt/format.h>

namespace bm::wire {

using nlohmann::json;

namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;

json diskToJson(const Disk& disk)
{
    return {{"name", disk.name},
            {"size_bytes", disk.sizeBytes},
            {"logical_sector_bytes", disk.logicalSectorBytes},
            {"physical_sector_bytes", disk.physicalSectorBytes},
            {"rotational", disk.rotational},
            {"removable", disk.removable},
            {"read_only", disk.readOnly},
            {"bus", disk.bus},
            {"model", disk.model},
            {"vendor", disk.vendor},
            {"serial", disk.serial},
            {"wwn", disk.wwn},
            {"wwn_with_extension", disk.wwnWithExtension},
            {"wwn_vendor_extension", disk.wwnVendorExtension},
            {"by_path", disk.byPath},
            {"hctl", disk.hctl},
            {"candidate", disk.candidate},
            {"verdict", disk.verdict}};
}

json nicToJson(const Nic& nic)
{
    return {{"name", nic.name},       {"mac", nic.mac},       {"speed_mbps", nic.speedMbps},
            {"carrier", nic.carrier}, {"driver", nic.driver}, {"pci", nic.pci}};
}

Disk diskFromJson(const JsonReader& in)
{
    Disk disk;
    disk.name = in.text("name");
    disk.sizeBytes = in.number("size_bytes");
    disk.logicalSectorBytes = in.numberAs<std::uint32_t>("logical_sector_bytes", 512);
    disk.physicalSectorBytes = in.numberAs<std::uint32_t>("physical_sector_bytes", 512);
    disk.rotational = in.flag("rotational");
    disk.removable = in.flag("removable");
    disk.readOnly = in.flag("read_only");
    disk.bus = in.text("bus");
    disk.model = in.text("model");
    disk.vendor = in.text("vendor");
    disk.serial = in.text("serial");
    disk.wwn = in.text("wwn");
    disk.wwnWithExtension = in.text("wwn_with_extension");
    disk.wwnVendorExtension = in.text("wwn_vendor_extension");
    disk.byPath = in.text("by_path");
    disk.hctl = in.text("hctl");
    disk.candidate = in.flag("candidate", true);
    disk.verdict = in.text("verdict");
    return disk;
}

Nic nicFromJson(const JsonReader& in)
{
    Nic nic;
    nic.name = in.text("name");
    nic.mac = in.text("mac");
    nic.speedMbps = in.numberAs<int>("speed_mbps");
    nic.carrier = in.flag("carrier");
    nic.driver = in.text("driver");
    nic.pci = in.text("pci");
    return nic;
}

bool hasPrefix(const Disk& disk, std::initializer_list<std::string_view> prefixes)
{
    const std::string_view name = std::string_view(disk.name).substr(disk.name.rfind('/') + 1);
    return std::ranges::any_of(prefixes, [&](std::string_view prefix) { return name.starts_with(prefix); });
}

/// Names of the media that BMCs emulate: iDRAC "Virtual CD", iLO "iLO Virtual", AMI "Virtual HDisk0",
/// OpenBMC ...
bool isVirtualMedia(const Disk& disk)
{
    const std::string text = model::lowerCase(disk.vendor + " " + disk.model);
    const bool named = text.find("virtual") != std::string::npos || text.find("idrac") != std::string::npos ||
                       text.find("ilo") != std::string::npos || text.find("lcdrive") != std::string::npos;
    return named && disk.bus == "usb";
}

/// True if both may be paths to one disk. A WWN that the maker gave to several disks does not join disks
/// whose serial numbers or sizes differ.
bool mayBeOneDisk(const Disk& a, const Disk& b)
{
    const bool otherSerial = !a.serial.empty() && !b.serial.empty() && a.serial != b.serial;
    const bool otherSize = a.sizeBytes != 0 && b.sizeBytes != 0 && a.sizeBytes != b.sizeBytes;
    return a.wwnWithExtension == b.wwnWithExtension && !otherSerial && !otherSize;
}

std::string verdictOf(const Disk& disk, const std::vector<Disk>& all)
{
    if (hasPrefix(disk, {"loop", "ram", "zram", "nbd", "fd", "md", "dm-"}))
        return "not a disk of its own";
    if (hasPrefix(disk, {"sr"}))
        return "optical drive";
    if (isVirtualMedia(disk))
        return "virtual media of the BMC";
    if (disk.sizeBytes < kMiB)
        return disk.sizeBytes == 0 ? "no medium" : "smaller than 1 MiB";
    if (disk.readOnly)
        return "read-only";
    if (disk.wwnWithExtension.empty())
        return {};
    for (const Disk& other : all)
        if (other.name != disk.name && mayBeOneDisk(disk, other))
            return fmt::format("{}: {} has the same WWN {}", kMultipathMember, other.name,
                               disk.wwnWithExtension);
    return {};
}

} // namespace

model::JsonText toJson(const Disk& disk)
{
    return {diskToJson(disk).dump(-1, ' ', false, json::error_handler_t::replace)};
}

model::JsonText toJson(const Inventory& inventory)
{
    json out = {{"cpus", inventory.cpus},
                {"cpu_model", inventory.cpuModel},
                {"cpu_arch", inventory.cpuArch},
                {"memory_mb", inventory.memoryBytes / kMiB},
                {"memory_bytes", inventory.memoryBytes},
                {"firmware", inventory.firmware},
                {"system",
                 {{"uuid", inventory.systemUuid},
                  {"serial", inventory.systemSerial},
                  {"manufacturer", inventory.manufacturer},
                  {"product", inventory.product}}},
                {"boot_interface", inventory.bootInterface},
                {"disks", json::array()},
                {"nics", json::array()}};
    for (const Disk& disk : inventory.disks)
        out["disks"].push_back(diskToJson(disk));
    for (const Nic& nic : inventory.nics)
        out["nics"].push_back(nicToJson(nic));
    return {out.dump(-1, ' ', false, json::error_handler_t::replace)};
}

Inventory inventoryFromJson(std::string_view text)
{
    const json parsed = parseObject(text, "inventory");
    const JsonReader in(parsed, "inventory");
    const JsonReader system = in.object("system");
    Inventory out;
    out.cpus = in.numberAs<std::uint32_t>("cpus");
    out.cpuModel = in.text("cpu_model");
    out.cpuArch = in.text("cpu_arch");
    out.memoryBytes = in.number("memory_bytes", in.number("memory_mb", 0, INT64_MAX / kMiB) * kMiB);
    out.firmware = in.text("firmware");
    out.systemUuid = system.text("uuid");
    out.systemSerial = system.text("serial");
    out.manufacturer = system.text("manufacturer");
    out.product = system.text("product");
    out.bootInterface = in.text("boot_interface");
    in.list("disks", [&](const JsonReader& disk) { out.disks.push_back(diskFromJson(disk)); });
    in.list("nics", [&](const JsonReader& nic) { out.nics.push_back(nicFromJson(nic)); });
    return out;
}

void judgeDisks(std::vector<Disk>& disks)
{
    for (Disk& disk : disks) {
        disk.verdict = verdictOf(disk, disks);
        disk.candidate = disk.verdict.empty();
    }
}

} // namespace bm::wire

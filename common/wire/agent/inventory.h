#pragma once
#include "common/text/json_text.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bm::wire {

/// A disk by the kernel's sysfs, without udev. Empty strings: unknown.
struct Disk {
    std::string name; ///< "/dev/sda"
    std::uint64_t sizeBytes = 0;
    std::uint32_t logicalSectorBytes = 512;
    std::uint32_t physicalSectorBytes = 512;
    bool rotational = false;
    bool removable = false;
    bool readOnly = false;
    std::string bus; ///< "usb", "nvme", "virtio", "ata", "scsi", "mmc"
    std::string model;
    std::string vendor;
    std::string serial;
    std::string wwn;              ///< "0x5000c500a1b2c3d4"; NVMe: "eui.…" or "nvme.…"
    std::string wwnWithExtension; ///< wwn, with the vendor's extension where NAA 6 has one
    std::string wwnVendorExtension;
    std::string byPath;    ///< udev's: "/dev/disk/by-path/pci-0000:00:17.0-ata-1.0"
    std::string hctl;      ///< "0:0:0:0"
    bool candidate = true; ///< may hold an image; set by judgeDisks()
    std::string verdict;   ///< why it is no candidate
    bool skipped = false;  ///< by the node's skip_block_devices; set by applySkips(), never sent
};

struct Nic {
    std::string name;
    std::string mac;
    int speedMbps = 0; ///< 0: unknown or no link
    bool carrier = false;
    std::string driver;
    std::string pci; ///< "0000:00:03.0"
};

/// The hardware of a machine, from the agent's first exchange of a boot.
struct Inventory {
    std::uint32_t cpus = 0; ///< logical
    std::string cpuModel;
    std::string cpuArch;           ///< "x86_64"
    std::uint64_t memoryBytes = 0; ///< physical by the firmware, else the kernel's MemTotal
    std::string firmware;          ///< "bios" or "uefi"
    std::string systemUuid;
    std::string systemSerial;
    std::string manufacturer;
    std::string product;
    std::string bootInterface; ///< MAC of the NIC that booted (BOOTIF)
    std::vector<Disk> disks;
    std::vector<Nic> nics;
};

/// Members: cpus, cpu_model, cpu_arch, memory_mb, memory_bytes, firmware, system{uuid, serial, manufacturer,
/// product}, boot_interface, disks[], nics[].
model::JsonText toJson(const Inventory& inventory);
model::JsonText toJson(const Disk& disk);
/// @throws Error InvalidInput with the path of the member that does not fit
Inventory inventoryFromJson(std::string_view text);

/// The verdict of a path of a multipath disk begins so.
inline constexpr std::string_view kMultipathMember = "member of a multipath disk";
/// Fills candidate and verdict of all disks. Virtual media of BMCs, optical, read-only, RAM and loop disks,
/// members of multipath maps (disks with the same WWN, unless their serial numbers or sizes differ) and disks
/// below 1 MiB are no candidates for images.
void judgeDisks(std::vector<Disk>& disks);

} // namespace bm::wire

#pragma once
#include "common/wire/agent/inventory.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bm::wire {

/// One of Ironic's root device hints, parsed: serial, wwn, wwn_with_extension, wwn_vendor_extension, size
/// (GiB), model, vendor, name, rotational, hctl, by_path. Texts compare without case; see docs.openstack.org,
/// "Root device hints". serial also matches the unit's unique id, which udev calls the short serial number:
/// the drives of a RAID controller may share the serial number of VPD page 80h.
struct RootDeviceHint {
    std::string name;
    std::string expression; ///< "<in> intel", ">= 40", "s== wd-123", or a bare value
};

/// Reads {"size": ">= 40", "rotational": false, ...}.
/// @param path  for messages
/// @throws Error InvalidInput for an unknown hint or an impossible expression
std::vector<RootDeviceHint> parseRootDeviceHints(std::string_view json,
                                                 const std::string& path = "root_device");
/// For people: "serial: DATA1, size: >= 40".
std::string textOf(const std::vector<RootDeviceHint>& hints);
/// For people: "/dev/sda (480.0 GiB, INTEL SSD, serial X, wwn 0x5...) [optical drive]".
std::string describe(const Disk& disk);
/// True if @p disk satisfies all of @p hints.
bool matches(const Disk& disk, const std::vector<RootDeviceHint>& hints);

/// True if one of @p hints names one disk, by serial, wwn, name, hctl or by_path.
bool nameOneDisk(const std::vector<RootDeviceHint>& hints);
/// The same by serial, wwn or by_path: the kernel may give a name or hctl to another disk at the next boot.
bool stayWithDisk(const std::vector<RootDeviceHint>& hints);
/// Refuses hints that name one disk and match several candidates.
/// @throws Error DiskAmbiguous: with the candidates and a hint that selects each
void refuseTwins(const std::vector<Disk>& disks, const std::vector<RootDeviceHint>& hints);

enum class RootDevicePolicy : std::uint8_t {
    Single,   ///< exactly one disk must remain
    Smallest, ///< Ironic's: of the remaining disks, the smallest of at least 4 GiB; hints that name one disk
              ///< or leave two of that size are refused
};
/// "single" or "smallest". @throws Error InvalidInput
RootDevicePolicy rootDevicePolicyFromText(std::string_view text);

/// The disk of the last deployment.
struct RememberedDisk {
    std::string wwn;
    std::string serial;
    std::string wwnWithExtension{}; ///< "": an earlier version stored it
};

/// The disk for an image: the candidate (by judgeDisks) that satisfies @p hints; of several, the remembered
/// one, else the one that @p policy chooses.
/// @throws Error DiskNotFound, DiskAmbiguous: with the list of disks and a hint that selects one
const Disk& pickRootDevice(const std::vector<Disk>& disks, const std::vector<RootDeviceHint>& hints,
                           RootDevicePolicy policy, const std::optional<RememberedDisk>& remembered = {});

/// The two disks of a mirror: exactly two candidates must satisfy @p hints.
/// @throws Error DiskNotFound (fewer), DiskAmbiguous (more)
std::vector<Disk> pickMirror(const std::vector<Disk>& disks, const std::vector<RootDeviceHint>& hints);

} // namespace bm::wire

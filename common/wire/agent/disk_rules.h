#pragma once
#include "common/wire/agent/root_device.h"
#include "common/wire/json/json_fields.h"

#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace bm::wire {

/// The rules of a node for its disks, which the agent gets with each step.
struct DiskRules {
    model::JsonText skip{"[]"};          ///< properties/skip_block_devices as stored
    bool guardSpecialFileSystems = true; ///< cleaning stops at cluster file systems
    /// The inventory's form of the disks that an earlier boot had and this one lacks so far; nothing: none.
    std::optional<model::JsonText> expected{};
    static constexpr auto fields()
    {
        return std::tuple(field("skip", &DiskRules::skip),
                          field("guard_special_filesystems", &DiskRules::guardSpecialFileSystems),
                          field("expected", &DiskRules::expected));
    }
};

/// Each element: hints of the disks that no step writes.
using SkipList = std::vector<std::vector<RootDeviceHint>>;

/// Reads Ironic's [{"serial": "DATA1"}, {"vendor": "x", "size": "> 100"}], or a text that holds such a list.
/// "", null and [] skip nothing.
/// @param path  for messages
/// @throws Error InvalidInput: no list, an element without hints, an unknown hint
SkipList skipListFrom(std::string_view json, const std::string& path = "properties/skip_block_devices");
/// Disks that @p skips match are no candidates; their verdict names the element. All hints of an element must
/// match. Follows judgeDisks().
void applySkips(std::vector<Disk>& disks, const SkipList& skips);
/// Refuses hints that match skipped disks only, and without hints a machine whose disks are all skipped.
/// @param field names the hints in the message. @throws Error DiskNotFound
void refuseSkipped(const std::vector<Disk>& disks, const std::vector<RootDeviceHint>& hints,
                   std::string_view field = "the root device hints");

/// Reads a list of disks in the inventory's form. @throws Error InvalidInput
std::vector<Disk> disksFrom(std::string_view json);
/// True if the kernel saw one disk at two times: serial numbers and WWNs agree, else by_path does.
bool isSameDisk(const Disk& one, const Disk& other);
/// The disks of @p expected that @p present lacks, or has without capacity (not spun up, broken).
std::vector<Disk> absentFrom(const std::vector<Disk>& present, const std::vector<Disk>& expected);
/// For people: descriptions, separated by "; ". "": no disk.
std::string describe(const std::vector<Disk>& disks);

} // namespace bm::wire

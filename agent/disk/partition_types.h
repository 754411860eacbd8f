#pragma once
#include <string_view>

namespace bm::agent {

/// Type GUIDs of GPT partitions that bm makes or looks for, lower-case.
inline constexpr std::string_view kEspType = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b";
inline constexpr std::string_view kBiosBootType = "21686148-6449-6e6f-744e-656564454649";
inline constexpr std::string_view kRaidType = "a19d880f-05fc-4d3b-a006-743f0f84911e";
inline constexpr std::string_view kLvmType = "e6d6d379-f507-44c2-a23c-238f2a3df928";
inline constexpr std::string_view kSwapType = "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f";
inline constexpr std::string_view kLinuxType = "0fc63daf-8483-4772-8e79-3d69d8477de4";

/// The use of a partition, by its type and name. Sources: libfdisk 2.38 (`sfdisk --list-types --label gpt`),
/// sgdisk for LUKS, flatcar/scripts build_library/disk_util, and the names of Talos' partitions.
struct PartitionUse {
    std::string_view name; ///< as sfdisk has it: "Windows recovery environment"
    /// Its content may take the space behind it. False for loaders, swap, recovery, read-only systems,
    /// members of RAIDs (old ones keep their superblock at the end), and for types that bm does not know.
    bool growable = false;
};

/// @param type  GUID, lower-case @param label  the partition's name in the table
PartitionUse partitionUse(std::string_view type, std::string_view label);

} // namespace bm::agent

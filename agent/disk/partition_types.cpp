#include "agent/disk/partition_types.h"

#include <algorithm>
#include <array>

namespace bm::agent {
namespace {

struct TypeRow {
    std::string_view guid;
    std::string_view name;
    bool growable;
};

// clang-format off
constexpr auto kTypes = std::to_array<TypeRow>({
    {kEspType, "EFI System", false},
    {"d3bfe2de-3daf-11df-ba40-e3a556d89593", "Intel Fast Flash", false},
    {kBiosBootType, "BIOS boot", false},
    {"f4019732-066e-4e12-8273-346c5641494f", "Sony boot partition", false},
    {"bfbfafe7-a34f-448a-9a5b-6213eb736c22", "Lenovo boot partition", false},
    {"9e1a2d38-c612-4316-aa26-8b49521e5a8b", "PowerPC PReP boot", false},
    {"7412f7d5-a156-4b13-81dc-867174929325", "ONIE boot", false},
    {"d4e6e2cd-4469-46f3-b5cb-1bff57afc149", "ONIE config", false},
    {"e3c9e316-0b5c-4db8-817d-f92df00215ae", "Microsoft reserved", false},
    {"ebd0a0a2-b9e5-4433-87c0-68b6b72699c7", "Microsoft basic data", true},
    {"5808c8aa-7e8f-42e0-85d2-e1e90434cfb3", "Microsoft LDM metadata", false},
    {"af9b60a0-1431-4f62-bc68-3311714a69ad", "Microsoft LDM data", false},
    {"de94bba4-06d1-4d40-a16a-bfd50179d6ac", "Windows recovery environment", false},
    {"e75caf8f-f680-4cee-afa3-b001e56efc2d", "Microsoft Storage Spaces", false},
    {"e2a1e728-32e3-11d6-a682-7b03a0000000", "HP-UX service", false},
    {kSwapType, "Linux swap", false},
    {kLinuxType, "Linux filesystem", true},
    {"3b8f8425-20e0-4f3b-907f-1a25a76f98e8", "Linux server data", true},
    {"44479540-f297-41b2-9af7-d131d5f0458a", "Linux root (x86)", true},
    {"4f68bce3-e8cd-4db1-96e7-fbcaf984b709", "Linux root (x86-64)", true},
    {"6523f8ae-3eb1-4e2a-a05a-18b695ae656f", "Linux root (Alpha)", true},
    {"d27f46ed-2919-4cb8-bd25-9531f3c16534", "Linux root (ARC)", true},
    {"69dad710-2ce4-4e3c-b16c-21a1d49abed3", "Linux root (ARM)", true},
    {"b921b045-1df0-41c3-af44-4c6f280d3fae", "Linux root (ARM-64)", true},
    {"993d8d3d-f80e-4225-855a-9daf8ed7ea97", "Linux root (IA-64)", true},
    {"77055800-792c-4f94-b39a-98c91b762bb6", "Linux root (LoongArch-64)", true},
    {"37c58c8a-d913-4156-a25f-48b1b64e07f0", "Linux root (MIPS-32 LE)", true},
    {"700bda43-7a34-4507-b179-eeb93d7a7ca3", "Linux root (MIPS-64 LE)", true},
    {"1de3f1ef-fa98-47b5-8dcd-4a860a654d78", "Linux root (PPC)", true},
    {"912ade1d-a839-4913-8964-a10eee08fbd2", "Linux root (PPC64)", true},
    {"c31c45e6-3f39-412e-80fb-4809c4980599", "Linux root (PPC64LE)", true},
    {"60d5a7fe-8e7d-435c-b714-3dd8162144e1", "Linux root (RISC-V-32)", true},
    {"72ec70a6-cf74-40e6-bd49-4bda08e8f224", "Linux root (RISC-V-64)", true},
    {"08a7acea-624c-4a20-91e8-6e0fa67d23f9", "Linux root (S390)", true},
    {"5eead9a9-fe09-4a1e-a1d7-520d00531306", "Linux root (S390X)", true},
    {"c50cdd70-3862-4cc3-90e1-809a8c93ee2c", "Linux root (TILE-Gx)", true},
    {"8da63339-0007-60c0-c436-083ac8230908", "Linux reserved", false},
    {"933ac7e1-2eb4-4f13-b844-0e14e2aef915", "Linux home", true},
    {kRaidType, "Linux RAID", false},
    {kLvmType, "Linux LVM", true},
    {"4d21b016-b534-45c2-a9fb-5c16e091fd2d", "Linux variable data", true},
    {"7ec6f557-3bc5-4aca-b293-16ef5df639d1", "Linux temporary data", true},
    {"bc13c2ff-59e6-4262-a352-b275fd6f7172", "Linux extended boot", false},
    {"773f91ef-66d4-49b5-bd83-d683bf40ad16", "Linux user's home", true},
    {"83bd6b9d-7f41-11dc-be0b-001560b84f0f", "FreeBSD boot", false},
    {"516e7cb5-6ecf-11d6-8ff8-00022d09712b", "FreeBSD swap", false},
    {"516e7cb6-6ecf-11d6-8ff8-00022d09712b", "FreeBSD UFS", true},
    {"516e7cba-6ecf-11d6-8ff8-00022d09712b", "FreeBSD ZFS", true},
    {"7c3457ef-0000-11aa-aa11-00306543ecac", "Apple APFS", false},
    {"426f6f74-0000-11aa-aa11-00306543ecac", "Apple boot", false},
    {"6a82cb45-1dd2-11b2-99a6-080020736631", "Solaris boot", false},
    {"6a85cf4d-1dd2-11b2-99a6-080020736631", "Solaris root", true},
    {"6a898cc3-1dd2-11b2-99a6-080020736631", "Solaris /usr & Apple ZFS", true},
    {"6a87c46f-1dd2-11b2-99a6-080020736631", "Solaris swap", false},
    {"6a945a3b-1dd2-11b2-99a6-080020736631", "Solaris reserved 1", false},
    {"49f48d32-b10e-11dc-b99b-0019d1879648", "NetBSD swap", false},
    {"49f48d5a-b10e-11dc-b99b-0019d1879648", "NetBSD FFS", true},
    {"fe3a2a5d-4f32-41a7-b725-accc3285a309", "ChromeOS kernel", false},
    {"3cb8e202-3b7e-47dd-8a3c-7ff2a13cfcec", "ChromeOS root fs", false},
    {"2e0a753d-9e48-43b0-8337-b15192cb1b5e", "ChromeOS reserved", false},
    {"0394ef8b-237e-11e1-b4b3-e89a8f7fc3a7", "MidnightBSD UFS", true},
    {"85d5e45d-237c-11e1-b4b3-e89a8f7fc3a7", "MidnightBSD ZFS", true},
    {"4fbd7e29-9d25-41b8-afd0-062c0ceff05d", "Ceph OSD", false},
    {"aa31e02a-400f-11db-9590-000c2911d1b8", "VMware VMFS", false},
    {"9d275380-40ad-11db-bf97-000c2911d1b8", "VMware Diagnostic", false},
    {"9198effc-31c0-11db-8f78-000c2911d1b8", "VMware Reserved", false},
    {"ca7d7ccb-63ed-4c53-861c-1742536059cc", "Linux LUKS", true},
    {"3884dd41-8582-4404-b9a8-e9b84f2df50e", "Flatcar root", true},
    {"5dfbf5f4-2848-4bac-aa5e-0d9a20b745a6", "Flatcar /usr", false},
    {"c95dc21a-df0e-4340-8d7b-26cbfa9a03e0", "Flatcar reserved", false},
    {"be9067b9-ea49-4f15-b4f6-f36f8c9e1818", "Flatcar RAID", false},
});
// clang-format on

/// Partitions of the general type that a system finds by their names and sizes. Talos makes EPHEMERAL behind
/// them.
struct NamedRow {
    std::string_view label;
    std::string_view name;
};
constexpr auto kNamedUses = std::to_array<NamedRow>(
    {{"META", "Talos META"}, {"STATE", "Talos STATE"}, {"IMAGECACHE", "Talos IMAGECACHE"}});

} // namespace

PartitionUse partitionUse(std::string_view type, std::string_view label)
{
    if (const auto named = std::ranges::find(kNamedUses, label, &NamedRow::label);
        type == kLinuxType && named != kNamedUses.end())
        return {named->name, false};
    const auto found = std::ranges::find(kTypes, type, &TypeRow::guid);
    return found == kTypes.end() ? PartitionUse{"unknown"} : PartitionUse{found->name, found->growable};
}

} // namespace bm::agent

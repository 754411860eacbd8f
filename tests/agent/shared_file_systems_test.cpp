// Cluster file systems on disks, which are sparse files: made by their own tools, or as bytes.
#include "agent/disk/lvm_metadata.h"
#include "agent/disk/shared_file_systems.h"
#include "agent/hardware/erase/erase_steps.h"
#include "agent/hardware/raid/raid_steps.h"
#include "agent/step/chosen_disk.h"
#include "common/platform/exec.h"
#include "tests/agent/step_world.h"

#include <array>

using namespace bm;
using namespace bm::agent;
using namespace std::string_literals;
using Catch::Matchers::Contains;
using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;

/// A sparse file in place of a disk.
class SparseDisk {
public:
    explicit SparseDisk(std::uint64_t mib, const std::string& name = "disk")
        : path_((folder_.path() / name).string())
    {
        std::ofstream(path_, std::ios::binary).put('\0');
        std::filesystem::resize_file(path_, mib * kMiB);
        disk.name = path_;
        disk.serial = "S-" + name;
        disk.sizeBytes = mib * kMiB;
    }
    void put(std::uint64_t offset, const std::string& bytes) const
    {
        std::ofstream file(path_, std::ios::binary | std::ios::in);
        file.seekp(static_cast<std::streamoff>(offset));
        file << bytes;
    }
    void run(std::vector<std::string> argv) const
    {
        argv.push_back(path_);
        const auto exec = platform::makeExec(platform::kNoCapabilities);
        const platform::Exit exit = exec->run({argv}, model::Deadline::in(std::chrono::seconds{20}));
        INFO(exit.err);
        REQUIRE(exit.code == 0);
    }
    std::string found() const
    {
        std::string out;
        for (const SharedFileSystem& one : sharedFileSystemsOn(BlockDevice(path_, BlockDevice::Access::Read)))
            out += (out.empty() ? "" : "; ") + one.name + " on " + one.place;
        return out;
    }
    std::string head(std::size_t bytes) const
    {
        std::string text(bytes, '\0');
        std::ifstream(path_, std::ios::binary).read(text.data(), static_cast<std::streamsize>(bytes));
        return text;
    }
    wire::Disk disk;

private:
    platform::TemporaryFolder folder_{"bm-shared"};
    std::string path_;
};

std::string little(std::uint64_t value, std::size_t bytes)
{
    std::string out;
    for (std::size_t i = 0; i < bytes; ++i)
        out += static_cast<char>(value >> (8 * i) & 0xffU);
    return out;
}

std::string padded(std::string text, std::size_t bytes)
{
    text.resize(bytes, '\0');
    return text;
}

const std::string kVmfs = "\x5e\xf1\xab\x2f";

/// A physical volume at @p at with its data area at 1 MiB and a volume from extent 1 of 4 MiB on.
void putPhysicalVolume(const SparseDisk& disk, std::uint64_t at)
{
    const std::string id = "AAAAAABBBBCCCCDDDDEEEEFFFFGGGGGG";
    const std::string metadata = R"(vg0 {
extent_size = 8192
physical_volumes {
pv0 {
id = "AAAAAA-BBBB-CCCC-DDDD-EEEE-FFFF-GGGGGG"
pe_start = 2048
}
}
logical_volumes {
shared {
segment1 {
stripes = [
"pv0", 1
]
}
}
}
}
)";
    const std::string areas = little(kMiB, 8) + little(0, 8) + std::string(16, '\0') + little(4096, 8) +
                              little(kMiB - 4096, 8) + std::string(16, '\0');
    disk.put(at + 512, padded("LABELONE" + little(1, 8) + little(0, 4) + little(32, 4) + "LVM2 001" + id +
                                  little(64 * kMiB, 8) + areas,
                              512));
    disk.put(at + 4096, padded(little(0, 4) + " LVM2 x[5A%r0N*>" + little(1, 4) + little(4096, 8) +
                                   little(kMiB - 4096, 8) + little(512, 8) + little(metadata.size(), 8),
                               512));
    disk.put(at + 4096 + 512, metadata);
}

/// A member of an md array of version 1.2 at @p at with its content at 1 MiB.
void putRaidMember(const SparseDisk& disk, std::uint64_t at)
{
    disk.put(at + 4096, padded(little(0xa92b4efc, 4), 128) + little(2048, 8) + little(0, 8));
}

} // namespace

TEST_CASE("a disk without a cluster file system", "[agent][guard]")
{
    const SparseDisk disk(64);
    SECTION("an empty one") {}
    SECTION("a local file system")
    {
        disk.run({"mkfs.ext4", "-q", "-F"});
    }
    SECTION("FAT, whose boot sector ends like an MBR")
    {
        disk.run({"mkfs.vfat"});
    }
    SECTION("partitions")
    {
        disk.run({"sgdisk", "-n", "1:2048:+8M", "-t", "1:ef00", "-n", "2:0:0"});
    }
    SECTION("noise")
    {
        disk.put(0, std::string(std::size_t{1} << 16U, '\xfb'));
    }
    CHECK(disk.found().empty());
}

TEST_CASE("cluster file systems by their own tools", "[agent][guard]")
{
    const SparseDisk disk(64);
    std::string name;
    SECTION("GFS2")
    {
        disk.run({"mkfs.gfs2", "-q", "-O", "-p", "lock_nolock", "-j", "1", "-J", "8"});
        name = "GFS2";
    }
    SECTION("OCFS2")
    {
        disk.run({"mkfs.ocfs2", "-q", "-F", "-M", "local", "-N", "1", "-J", "size=4M"});
        name = "OCFS2";
    }
    CHECK(disk.found() == name + " on the whole disk");
    const std::string content = disk.head(1U << 20U);
    const SparseDisk parts(128);
    parts.run({"sgdisk", "-n", "1:2048:+8M", "-n", "2:32768:+64M"});
    parts.put(32768 * 512, content);
    CHECK(parts.found() == name + " on partition 2");
}

TEST_CASE("VMFS, GPFS and OCFS as bytes", "[agent][guard]")
{
    struct Row {
        std::uint64_t offset;
        std::string bytes;
        std::string name;
    };
    for (const Row& row :
         {Row{2 * kMiB, kVmfs, "VMFS"}, Row{kMiB, "\x0d\xd0\x01\xc0", "VMFS"},
          Row{1024 + 160, "NSD descriptor for /dev/sdb created by GPFS", "GPFS"},
          Row{8192, "NSD descriptor for /dev/sdb created by GPFS", "GPFS"}, Row{8192, "OracleCFS", "OCFS"},
          Row{4096, "OCFSV2", "OCFS2"}, Row{65536, "\x01\x16\x19\x70", "GFS2"}}) {
        const SparseDisk disk(16);
        disk.put(row.offset, row.bytes);
        CHECK(disk.found() == row.name + " on the whole disk");
    }
}

TEST_CASE("cluster file systems in partitions, volumes and arrays", "[agent][guard]")
{
    const SparseDisk disk(64);
    SECTION("a GPT partition by its type")
    {
        const auto [type, name] =
            GENERATE(table<std::string, std::string>({{"37AFFC90-EF7D-4E96-91C3-2D7AE055B174", "GPFS"},
                                                      {"AA31E02A-400F-11DB-9590-000C2911D1B8", "VMFS"}}));
        disk.run({"sgdisk", "-n", "3:2048:+8M", "-t", "3:" + type});
        CHECK(disk.found() == name + " on partition 3");
        const auto [lost, length] = GENERATE(table<std::uint64_t, std::size_t>(
            {{512, 512}, {1024, 16384}})); // header or entries; the backup table remains
        disk.put(lost, std::string(length, '\0'));
        CHECK(disk.found() == name + " on partition 3");
    }
    SECTION("an MBR partition by its type")
    {
        disk.run({"sh", "-c", "echo ',,fb' | sfdisk -q -X dos \"$0\""});
        CHECK(disk.found() == "VMFS on partition 1");
    }
    SECTION("a logical partition of an MBR")
    {
        disk.run({"sh", "-c", R"(printf ',8M\n,,5\n,8M\n,8M\n' | sfdisk -q -X dos "$0")"});
        disk.put(19 * kMiB + 65536, "\x01\x16\x19\x70");
        CHECK_THAT(disk.found(), Contains("GFS2 on partition 6"));
    }
    SECTION("an LVM volume")
    {
        putPhysicalVolume(disk, 0);
        disk.put(kMiB + 4 * kMiB + 2 * kMiB, kVmfs);
        CHECK(disk.found() == "VMFS on an LVM volume");
    }
    SECTION("a member of an md array")
    {
        putRaidMember(disk, 0);
        disk.put(kMiB + 2048, "OCFSV2");
        CHECK(disk.found() == "OCFS2 on a RAID member");
    }
    SECTION("an LVM volume on an md array on a partition")
    {
        disk.run({"sgdisk", "-n", "1:8192:0"});
        putRaidMember(disk, 4 * kMiB);
        putPhysicalVolume(disk, 5 * kMiB);
        disk.put(5 * kMiB + kMiB + 4 * kMiB + 65536, "\x01\x16\x19\x70");
        CHECK(disk.found() == "GFS2 on partition 1, a RAID member, an LVM volume");
    }
}

TEST_CASE("metadata of LVM that leads nowhere gives no place", "[agent][guard]")
{
    CHECK(lvmExtentsOf("", "x").first.empty());
    CHECK(lvmExtentsOf("stripes = [ \"\", 1 ]", "").first.empty());
    std::string endless = "pv0 {\nid = \"A\"\n}\n"; // in time that grows with its length
    for (int i = 0; i < 200'000; ++i)
        endless += "stripes = [";
    CHECK(lvmExtentsOf(endless, "A").first.empty());
    CHECK(lvmExtentsOf("extent_size = 8 { id = \"A\" stripes = [ \"pv0\"", "A").first.empty());
    CHECK(logicalVolumeBegins([](std::uint64_t, std::size_t) { return std::vector<std::byte>{}; }).empty());
}

TEST_CASE("a disk that neither hints nor the last deployment name is the step's choice", "[agent][guard]")
{
    using Chosen = MachineDisks::Chosen;
    wire::Disk disk;
    disk.name = "/dev/sda";
    disk.serial = "LUN1";
    wire::DiskChoice choice;
    choice.rootDevice.text = "{}";
    CHECK(howChosen(choice, {disk}) == Chosen::ByStep);
    choice.remembered = wire::DiskIdentity{};
    choice.remembered->serial = "LOCAL1"; // the disk has left the machine
    CHECK(howChosen(choice, {disk}) == Chosen::ByStep);
    choice.remembered->serial = "LUN1";
    CHECK(howChosen(choice, {disk}) == Chosen::ByName);
    choice.remembered.reset();
    choice.rootDevice.text = R"({"serial": "LUN1"})";
    CHECK(howChosen(choice, {disk}) == Chosen::ByName);
}

TEST_CASE("cleaning stops at a cluster file system and names the disk", "[agent][guard]")
{
    const SparseDisk system(8, "system");
    const SparseDisk shared(8, "shared");
    system.put(0, "system");
    shared.put(2 * kMiB, kVmfs);
    StepWorld world;
    world.disks = {system.disk, shared.disk};
    const json raid = json::parse(R"({"target_raid_config": {"logical_disks":
        [{"size_gb": "MAX", "raid_level": "1", "controller": "software"}]}})");
    const StepFunction step =
        GENERATE(as<StepFunction>{}, eraseDevicesMetadata, eraseDevicesExpress, eraseDevices);
    SECTION("before any disk is written")
    {
        const Error refused = world.failure(step);
        CHECK(refused.code() == ErrorCode::Conflict);
        CHECK_THAT(refused.message(), Contains(shared.disk.name) && Contains("VMFS on the whole disk") &&
                                          !Contains(system.disk.name));
        CHECK_THAT(refused.hint(), Contains("guard_special_filesystems=false"));
        CHECK(system.head(6) == "system");
    }
    SECTION("unless the guard is off")
    {
        world.rules.guardSpecialFileSystems = false;
        CHECK(world.run(step)["erased"].size() == 2);
        CHECK(shared.found().empty());
    }
    SECTION("unless the disk is skipped")
    {
        world.rules.skip.text = R"([{"serial": "S-shared"}])";
        CHECK(world.run(step)["erased"].size() == 1);
        CHECK(shared.found() == "VMFS on the whole disk");
    }
}

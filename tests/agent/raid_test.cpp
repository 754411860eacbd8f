// Software RAID: the plan and its commands as data, and sgdisk on a real file. mdadm's answers are scripted,
// since this kernel may have no md.
#include "agent/disk/gpt.h"
#include "agent/hardware/raid/raid_arrays.h"
#include "agent/hardware/raid/raid_plan.h"
#include "agent/hardware/raid/raid_steps.h"
#include "tests/agent/step_world.h"

using namespace bm::agent;
namespace wire = bm::wire;
using bm::model::Error;
using bm::model::ErrorCode;
using bm::platform::Exit;
using nlohmann::json;

namespace {

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30U;
constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;

wire::Disk diskOf(const std::string& name, std::uint64_t gib, std::uint32_t sector = 512)
{
    wire::Disk disk;
    disk.name = "/dev/" + name;
    disk.serial = "S-" + name;
    disk.sizeBytes = gib * kGiB;
    disk.logicalSectorBytes = sector;
    return disk;
}

std::vector<LogicalDisk> logicalFrom(const std::string& list, const std::string& more = "")
{
    return logicalDisksFrom(wire::fromJson<wire::RaidCreateArguments>(
        "{\"target_raid_config\": {\"logical_disks\": " + list + "}" + more + "}", "raid"));
}

std::string refusalOf(const std::string& list, const std::string& more = "")
{
    try {
        logicalFrom(list, more);
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::InvalidInput);
        return error.message();
    }
    return "accepted";
}

std::string joined(const std::vector<std::string>& words)
{
    std::string out;
    for (const std::string& word : words)
        out += (out.empty() ? "" : " ") + word;
    return out;
}

constexpr const char* kTwo =
    R"([{"size_gb": 100, "raid_level": "1", "controller": "software", "is_root_volume": true},
        {"size_gb": "MAX", "raid_level": "0", "controller": "software", "volume_name": "scratch"}])";

} // namespace

TEST_CASE("a target RAID configuration", "[agent][raid]")
{
    const std::vector<LogicalDisk> two = logicalFrom(kTwo);
    REQUIRE(two.size() == 2);
    CHECK(two[0].sizeBytes == 100 * kGiB);
    CHECK(two[0].level == RaidLevel::Raid1);
    CHECK(two[0].isRootVolume);
    CHECK_FALSE(two[1].sizeBytes);
    CHECK(two[1].level == RaidLevel::Raid0);
    CHECK(two[1].volumeName == "scratch");
    SECTION("may have parts only")
    {
        CHECK(logicalFrom(kTwo, ", \"create_nonroot_volumes\": false").size() == 1);
        CHECK(refusalOf(kTwo, ", \"create_root_volume\": false").find("must be RAID 1") != std::string::npos);
        CHECK(refusalOf(kTwo, ", \"create_root_volume\": false, \"create_nonroot_volumes\": false")
                  .find("no logical disk remains") != std::string::npos);
    }
    SECTION("is refused with the path of the invalid member")
    {
        const std::string path = "target_raid_config.logical_disks";
        CHECK(refusalOf("{}").find(path + ": expected a list") == 0);
        CHECK(refusalOf("[]").find(path + ": no logical disk") == 0);
        CHECK(refusalOf(R"([{"size_gb": 1, "raid_level": "1"}])").find(path + "[0].controller") == 0);
        CHECK(refusalOf(R"([{"size_gb": 1, "raid_level": "0", "controller": "software"}])")
                  .find(path + "[0].raid_level") == 0);
        CHECK(refusalOf(R"([{"size_gb": 0, "raid_level": "1", "controller": "software"}])")
                  .find(path + "[0].size_gb") == 0);
        CHECK(refusalOf(R"([{"size_gb": "1", "raid_level": "1", "controller": "software"}])")
                  .find(path + "[0].size_gb") == 0);
        CHECK(refusalOf(R"([{"size_gb": 1, "raid_level": "7", "controller": "software"}])")
                  .find(path + "[0].raid_level") == 0);
        CHECK(
            refusalOf(R"([{"size_gb": 1, "raid_level": "1", "controller": "software", "disk_type": "ssd"}])")
                .find(path + "[0].disk_type") == 0);
        CHECK(refusalOf(
                  R"([{"size_gb": 1, "raid_level": "1", "controller": "software", "volume_name": "a b"}])")
                  .find(path + "[0].volume_name") == 0);
        CHECK(
            refusalOf(
                R"([{"size_gb": 1, "raid_level": "1", "controller": "software", "physical_disks": [{"size": "> 1"}]}])")
                .find(path + "[0].physical_disks") == 0);
        CHECK(refusalOf(R"([{"size_gb": "MAX", "raid_level": "1", "controller": "software"},
                            {"size_gb": "MAX", "raid_level": "1", "controller": "software"}])")
                  .find("several logical disks") != std::string::npos);
    }
}

TEST_CASE("a RAID plan", "[agent][raid]")
{
    const std::vector<wire::Disk> disks = {diskOf("sda", 500), diskOf("nvme0n1", 400, 4096)};
    const RaidPlan plan = planRaid(logicalFrom(kTwo), disks, false);
    REQUIRE(plan.arrays.size() == 2);
    CHECK(joined(partitionCommand(plan, "/dev/sda")) ==
          "sgdisk --clear --set-alignment=1 --new=1:16384:209731583 --typecode=1:FD00 "
          "--new=2:209731584:838858751 --typecode=2:FD00 /dev/sda");
    CHECK(joined(partitionCommand(plan, "/dev/nvme0n1")) ==
          "sgdisk --clear --set-alignment=1 --new=1:2048:26216447 --typecode=1:FD00 "
          "--new=2:26216448:104857343 --typecode=2:FD00 /dev/nvme0n1");
    CHECK(joined(createCommand(plan.arrays[0])) ==
          "mdadm --create /dev/md0 --run --force --metadata=1.2 --homehost=any --level=1 --raid-devices=2 "
          "/dev/sda1 /dev/nvme0n1p1");
    CHECK(joined(createCommand(plan.arrays[1])) ==
          "mdadm --create /dev/md1 --run --force --metadata=1.2 --homehost=any --level=0 --raid-devices=2 "
          "--name=scratch /dev/sda2 /dev/nvme0n1p2");
    CHECK(plan.arrays[0].volumeBytes() == 100 * kGiB);
    CHECK(plan.arrays[1].volumeBytes() == 2 * (300 * kGiB - 9 * kMiB));
}

TEST_CASE("a RAID plan leaves space for boot loaders", "[agent][raid]")
{
    const RaidPlan plan = planRaid(logicalFrom(kTwo), {diskOf("sda", 500), diskOf("sdb", 500)}, true);
    CHECK(plan.arrays[0].members[0].firstSector == 551 * kMiB / 512);
}

TEST_CASE("a RAID plan puts the volume of size MAX last, whatever its number", "[agent][raid]")
{
    const auto logical = logicalFrom(
        R"([{"size_gb": "MAX", "raid_level": "1", "controller": "software"},
            {"size_gb": 10, "raid_level": "1", "controller": "software"}])");
    const RaidPlan plan = planRaid(logical, {diskOf("sda", 50), diskOf("sdb", 50)}, false, {0});
    CHECK(plan.arrays[0].device == "/dev/md1"); // md0 is in use
    CHECK(plan.arrays[0].members[0].path() == "/dev/sda2");
    CHECK(plan.arrays[1].device == "/dev/md2");
    CHECK(plan.arrays[1].members[0].path() == "/dev/sda1");
}

TEST_CASE("a RAID plan's levels", "[agent][raid]")
{
    const std::string first = R"([{"size_gb": 10, "raid_level": "1", "controller": "software"}, )";
    const auto volume = [&](const std::string& level, std::size_t count) {
        std::vector<wire::Disk> disks;
        for (std::size_t i = 0; i < count; ++i)
            disks.push_back(diskOf(std::string("sd") + static_cast<char>('a' + i), 100));
        const auto logical = logicalFrom(
            first + R"({"size_gb": 60, "controller": "software", "raid_level": ")" + level + "\"}]");
        const RaidArray array = planRaid(logical, disks, false).arrays[1];
        CHECK(array.volumeBytes() >= 60 * kGiB);
        CHECK(array.volumeBytes() < 60 * kGiB + count * kMiB);
        return joined(createCommand(array));
    };
    CHECK(volume("5", 3).find("--level=5 --raid-devices=3") != std::string::npos);
    CHECK(volume("6", 5).find("--level=6 --raid-devices=5") != std::string::npos);
    CHECK(volume("1+0", 4).find("--level=10 --raid-devices=4") != std::string::npos);
    CHECK(volume("0", 2).find("--level=0 --raid-devices=2") != std::string::npos);
    CHECK_THROWS_AS(volume("5", 2), Error);
}

TEST_CASE("a RAID plan's disks", "[agent][raid]")
{
    std::vector<wire::Disk> disks = {diskOf("sda", 50), diskOf("sdb", 50), diskOf("sdc", 50),
                                     diskOf("sdd", 50)};
    disks[1].candidate = false;
    disks[2].removable = true;
    SECTION("are the candidates that are not removable")
    {
        CHECK_THROWS_AS(planRaid(logicalFrom(kTwo), {disks[0], disks[1], disks[2]}, false), Error);
    }
    SECTION("may be named by hints, each disk once")
    {
        const auto logical = logicalFrom(R"([{"size_gb": 10, "raid_level": "1", "controller": "software",
            "physical_disks": [{"size": ">= 20"}, {"serial": "S-sdd"}]}])");
        const RaidPlan plan = planRaid(logical, disks, false);
        CHECK(plan.disks.size() == 2);
        CHECK(plan.arrays[0].members[1].disk == "/dev/sdd");
    }
    SECTION("are never disks that must not be written")
    {
        const auto logical = logicalFrom(R"([{"size_gb": 10, "raid_level": "1", "controller": "software",
            "physical_disks": [{"serial": "S-sda"}, {"serial": "S-sdb"}]}])");
        CHECK_THROWS_WITH(planRaid(logical, disks, false),
                          Catch::Contains("physical_disks[1]: no free disk matches"));
    }
    SECTION("must be large enough")
    {
        const auto logical = logicalFrom(kTwo);
        CHECK_THROWS_WITH(planRaid(logical, {disks[0], disks[3]}, false),
                          Catch::Contains("takes 102400 MiB"));
    }
}

TEST_CASE("sgdisk takes the plan's command", "[agent][raid]")
{
    const bm::platform::TemporaryFolder folder;
    const std::string one = (folder.path() / "one").string();
    const std::string two = (folder.path() / "two").string();
    for (const std::string& file : {one, two}) {
        std::ofstream(file).close();
        std::filesystem::resize_file(file, 4 * kGiB);
    }
    wire::Disk first = diskOf("x", 4);
    first.name = one;
    wire::Disk second = diskOf("x", 4);
    second.name = two;
    const auto logical = logicalFrom(R"([{"size_gb": 1, "raid_level": "1", "controller": "software"},
                                         {"size_gb": "MAX", "raid_level": "0", "controller": "software"}])");
    const RaidPlan plan = planRaid(logical, {first, second}, true);
    const Exit exit =
        bm::platform::makeExec(bm::platform::kAllCapabilities)
            ->run({partitionCommand(plan, one)}, bm::model::Deadline::in(std::chrono::seconds{30}));
    INFO(exit.out << exit.err);
    REQUIRE(exit.code == 0);
    const BlockDevice device(one, BlockDevice::Access::Read);
    const std::optional<Gpt> table = Gpt::read(device);
    REQUIRE(table);
    REQUIRE(table->entries().size() == 2);
    CHECK(table->entries()[0].extent.first == 551 * kMiB / 512);
    CHECK(table->entries()[0].extent.last == (551 + 1024) * kMiB / 512 - 1);
    CHECK(table->entries()[1].extent.last == 4 * kGiB / 512 - kMiB / 512 - 1);
    StepWorld world;
    const RaidArrays arrays(world.fake, world.log, {});
    CHECK_NOTHROW(arrays.refuseForeignPartitions(one)); // RAID partitions may be replaced
}

TEST_CASE("raid_create_configuration refuses disks with other partitions", "[agent][raid]")
{
    StepWorld world;
    const LoopDisk one(64);
    const LoopDisk two(64);
    std::ofstream(one.file(), std::ios::binary | std::ios::in)
        << std::string(446, '\0') << '\0' << "\1\1\1" << '\x83' << std::string("\1\1\1\1\0\0\0\x10\0\0\0", 11)
        << std::string(48, '\0') << "\x55\xaa";
    world.disks = {one.disk, two.disk};
    const json arguments = json::parse(R"({"target_raid_config": {"logical_disks":
        [{"size_gb": "MAX", "raid_level": "1", "controller": "software"}]}})");
    const Error refused = world.failure(raidCreateConfiguration, arguments);
    CHECK(refused.code() == ErrorCode::Conflict);
    CHECK(refused.message().find(one.disk.name + " has partitions") == 0);
    CHECK(world.fake.called.empty());
}

TEST_CASE("raid_delete_configuration touches only disks with RAID", "[agent][raid]")
{
    StepWorld world;
    const LoopDisk member(16, noise(2));
    const LoopDisk other(16, noise(2));
    const std::string before = bm::platform::readFile(other.file(), 64 * kMiB);
    FakeExec fake([&](const std::vector<std::string>& argv) -> Exit {
        if (argv[1] == "--examine" && argv.back() == member.disk.name)
            return {.code = 0, .out = "MD_LEVEL=raid1\nMD_UUID=a:b:c:d\n", .err = {}};
        return {.code = argv[1] == "--examine" ? 1 : 0, .out = {}, .err = {}};
    });
    world.exec = &fake;
    world.disks = {member.disk, other.disk};
    const json result = world.run(raidDeleteConfiguration);
    CHECK(result["raid_config"] == json::parse(R"({"logical_disks": []})"));
    CHECK(result["deleted"] == json::parse(R"(["a:b:c:d"])"));
    CHECK(result["erased"].size() == 1);
    CHECK(result["erased"][0]["name"] == member.disk.name);
    CHECK(fake.hasCalled("mdadm --zero-superblock --force " + member.disk.name));
    CHECK_FALSE(fake.hasCalled("mdadm --zero-superblock --force " + other.disk.name));
    CHECK(member.isZero());
    CHECK(bm::platform::readFile(other.file(), 64 * kMiB) == before);
}

TEST_CASE("the output of mdadm --export is parsed", "[agent][raid]")
{
    const auto found =
        parseMdadmExport("MD_LEVEL=raid1\nMD_DEVICES=2\nMD_NAME=any:a=b\nnonsense\nMD_X\nMD_UUID=1:2");
    CHECK(found.size() == 4);
    CHECK(found.at("MD_NAME") == "any:a=b");
    CHECK(found.at("MD_UUID") == "1:2");
    CHECK(parseMdadmExport("").empty());
}

// The parts of a disk in its image: maps of free space by partclone, on disks made by sfdisk, mkfs and
// mkswap. Mounting them needs root.
#include "agent/capture/capture_plan.h"
#include "agent/capture/generaliser.h"
#include "agent/disk/file_system_growth.h"
#include "agent/disk/mbr.h"
#include "common/model/error.h"
#include "common/platform/log.h"

#include <catch2/catch.hpp>
#include <fstream>

using namespace bm;
using namespace bm::agent;
using Catch::Matchers::VectorContains;

namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;
namespace fs = std::filesystem;

struct DiskWorld {
    platform::TemporaryFolder folder{"bm-capture-test"};
    std::unique_ptr<platform::Exec> exec = platform::makeExec(platform::kAllCapabilities);
    AgentLog log;

    DiskWorld() { platform::setLogLevel(platform::LogLevel::Error); }
    ~DiskWorld() { platform::setLogLevel(platform::LogLevel::Info); }
    DiskWorld(const DiskWorld&) = delete;
    DiskWorld& operator=(const DiskWorld&) = delete;

    static model::Deadline soon() { return model::Deadline::in(std::chrono::minutes{2}); }
    fs::path path(const std::string& name) const { return folder.path() / name; }

    std::string shell(const std::string& script) const
    {
        const platform::Exit exit = exec->run(
            {{"/bin/bash", "-c",
              "set -e; export PATH=$PATH:/usr/sbin:/sbin; cd " + folder.path().string() + "; " + script}},
            soon());
        INFO(script << ": " << exit.err << exit.out);
        REQUIRE(exit.code == 0);
        return exit.out;
    }

    /// Creates disk.raw of @p mib MiB with one partition of @p partMib from 1 MiB on, formatted by @p mkfs
    /// ("$P" is its file).
    void disk(int mib, int partMib, const std::string& mkfs) const
    {
        const std::string size = std::to_string(partMib);
        shell("truncate -s " + std::to_string(mib) + "M disk.raw; printf 'label: gpt\\nstart=2048, size=" +
              size + "MiB\\n' | sfdisk -q disk.raw; P=part; truncate -s " + size + "M part; " + mkfs +
              "; dd if=part of=disk.raw bs=1M seek=1 conv=notrunc,sparse status=none");
    }

    CapturePlan plan()
    {
        const BlockDevice device(path("disk.raw"), BlockDevice::Access::Read);
        return planCapture(device, *exec, log, soon());
    }
};

std::uint64_t bytesOf(const std::vector<ByteRange>& ranges)
{
    std::uint64_t total = 0;
    for (const ByteRange& range : ranges)
        total += range.end - range.begin;
    return total;
}

} // namespace

TEST_CASE("ranges without holes", "[agent][capture]")
{
    using Ranges = std::vector<ByteRange>;
    CHECK(without({0, 100}, {}) == Ranges{{0, 100}});
    CHECK(without({0, 100}, {{0, 10}, {20, 30}, {90, 100}}) == Ranges{{10, 20}, {30, 90}});
    CHECK(without({0, 100}, {{0, 100}}).empty());
    CHECK(without({0, 100}, {{90, 300}, {400, 500}}) == Ranges{{0, 90}});
}

TEST_CASE("partclone's domain map", "[agent][capture]")
{
    const ByteRange part{1000, 9000};
    CHECK(freeRangesFrom("# made by\n0x0 ?\n0x0 0x10 +\n0x10 0x20 ?\n0x30 0x10 +\n0x40 0x8 ?\n", part) ==
          std::vector<ByteRange>{{1016, 1048}, {1064, 1072}});
    CHECK(freeRangesFrom("0x1f00 0xffff ?\n0xfffff 0x10 ?\n", part) == std::vector<ByteRange>{{8936, 9000}});
    for (const char* bad : {"0x10 zwei ?\n", "0x10 0x10 ?\n0x8 0x4 ?\n", "0xfffffffffffffff0 0x20 ?\n"}) {
        INFO(bad);
        CHECK_THROWS_AS(freeRangesFrom(bad, part), model::Error);
    }
}

TEST_CASE("free space of each kind of file system stays out of an image", "[agent][capture]")
{
    DiskWorld world;
    const auto [kind, mkfs, mib] = GENERATE(table<const char*, const char*, int>({
        {"ext4", "mkfs.ext4 -q $P", 64},
        {"xfs", "mkfs.xfs -q $P", 320},
        {"btrfs", "mkfs.btrfs -q $P", 128},
        {"vfat", "mkfs.vfat $P", 64},
        {"ntfs", "mkntfs -q -F $P", 64},
        {"swap", "mkswap $P", 64},
    }));
    INFO(kind);
    world.disk(mib + 8, mib, mkfs);
    const CapturePlan plan = world.plan();
    REQUIRE(plan.found.size() == 1);
    CHECK(plan.found[0].distrust.empty());
    CHECK(plan.found[0].name == kind);
    CHECK(bytesOf(plan.used) < static_cast<std::uint64_t>(mib) * kMiB / 2);
    CHECK(plan.imageBytes == static_cast<std::uint64_t>(mib + 2) * kMiB);
    CHECK(plan.patches.size() >= 2);
}

TEST_CASE("blocks in use are in the image", "[agent][capture]")
{
    DiskWorld world;
    world.shell("mkdir tree; head -c 9000000 /dev/urandom > tree/blob");
    world.disk(72, 64, "mkfs.ext4 -q -d tree $P");
    const CapturePlan plan = world.plan();
    CHECK(bytesOf(plan.used) > 9'000'000);
    CHECK(bytesOf(plan.used) < 40 * kMiB);

    // Unused bytes may change; the file system is the same.
    std::string bytes = platform::readFile(world.path("disk.raw"), 80 * kMiB);
    for (const ByteRange& hole : without({0, bytes.size()}, plan.used))
        std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(hole.begin),
                  bytes.begin() + static_cast<std::ptrdiff_t>(hole.end), '\x5a');
    std::ofstream(world.path("part"), std::ios::binary) << bytes.substr(kMiB, 64 * kMiB);
    world.shell("e2fsck -fn part; debugfs -R 'dump blob out' part; cmp out tree/blob");
}

TEST_CASE("a map that may be outdated is not used", "[agent][capture]")
{
    DiskWorld world;
    world.disk(72, 64, "mkfs.ext4 -q $P; debugfs -w -R 'feature +needs_recovery' $P");
    const CapturePlan plan = world.plan();
    REQUIRE(plan.found.size() == 1);
    CHECK(plan.found[0].distrust == "its journal was not written back");
    CHECK(bytesOf(plan.used) >= 64 * kMiB);
}

TEST_CASE("a file system without a map is named by blkid and read as a whole", "[agent][capture]")
{
    DiskWorld world;
    world.disk(72, 64, "mkfs.minix -3 $P");
    const CapturePlan plan = world.plan();
    REQUIRE(plan.found.size() == 1);
    CHECK(plan.found[0].name == "minix");
    CHECK(plan.found[0].distrust == "bm knows no map of its free space");
    CHECK(bytesOf(plan.used) >= 64 * kMiB);
}

TEST_CASE("disks without a GPT", "[agent][capture]")
{
    DiskWorld world;
    SECTION("an MBR: to the end of the last partition")
    {
        world.shell(
            "truncate -s 64M disk.raw; printf 'label: dos\\nstart=2048, size=20MiB\\n' | sfdisk -q disk.raw");
        const CapturePlan plan = world.plan();
        CHECK(plan.imageBytes == 21 * kMiB);
        CHECK(bytesOf(plan.used) == 21 * kMiB);
        CHECK(plan.patches.empty());
    }
    SECTION("a file system itself: its used blocks")
    {
        world.shell("truncate -s 64M disk.raw; mkfs.ext4 -q disk.raw");
        const CapturePlan plan = world.plan();
        CHECK(plan.imageBytes == 64 * kMiB);
        CHECK(bytesOf(plan.used) < 32 * kMiB);
    }
    SECTION("unknown content: all of it")
    {
        world.shell("truncate -s 8M disk.raw");
        CHECK(bytesOf(world.plan().used) == 8 * kMiB);
    }
    SECTION("a broken GPT is reported")
    {
        world.disk(16, 8, "true");
        world.shell("printf x | dd of=disk.raw bs=1 seek=560 conv=notrunc status=none");
        CHECK_THROWS_AS(world.plan(), model::Error);
    }
}

TEST_CASE("an image of an MBR does not contain the machine's config drive", "[agent][capture]")
{
    DiskWorld world;
    world.shell(
        "truncate -s 32M disk.raw; printf 'label: dos\\nstart=2048, size=8MiB\\nstart=61440, size=2MiB\\n' | "
        "sfdisk -q disk.raw; mkfs.fat -C -n config-2 part 2000; "
        "dd if=part of=disk.raw bs=1M seek=30 conv=notrunc status=none");
    const CapturePlan plan = world.plan();
    CHECK(plan.configDriveLeftOut);
    CHECK(plan.imageBytes == 9 * kMiB);
    REQUIRE(plan.patches.size() == 1);
    CHECK(plan.patches[0].offset == 0);
    CHECK(Mbr::parse(plan.patches[0].bytes)->partitions().size() == 1);
}

TEST_CASE("an image does not contain the machine's config drive", "[agent][capture]")
{
    DiskWorld world;
    world.shell(
        "truncate -s 32M disk.raw; printf 'label: gpt\\nstart=2048, size=8MiB\\nstart=60000, size=1MiB, "
        "name=config-2\\n' | sfdisk -q disk.raw");
    const CapturePlan plan = world.plan();
    CHECK(plan.configDriveLeftOut);
    CHECK(plan.imageBytes == 10 * kMiB);
    CHECK(bytesOf(plan.used) == 9 * kMiB);
}

TEST_CASE("generalising removes the machine's identity", "[agent][generalise]")
{
    DiskWorld world;
    world.shell(
        "mkdir -p r/etc/ssh r/etc/systemd/system r/var/log/journal/x r/var/lib/dhcp r/var/lib/cloud/data "
        "r/usr/bin r/root r/home/u r/tmp r/var/lib/dbus; cd r; echo abc > etc/machine-id; touch etc/passwd "
        "etc/ssh/ssh_host_rsa_key etc/ssh/sshd_config usr/bin/ssh-keygen; echo l > var/log/syslog; echo j > "
        "var/log/journal/x/y; echo l > var/lib/dhcp/dhclient.leases; echo h > root/.bash_history; echo h > "
        "home/u/.python_history; echo keep > home/u/file; echo t > tmp/t; echo i > var/lib/cloud/data/id");
    const fs::path root = world.path("r");
    const std::vector<std::string> done = generaliseTree(root);
    CHECK_THAT(done, VectorContains(std::string("etc/ssh/ssh_host_rsa_key removed")));
    CHECK(fs::exists(root / "etc/machine-id"));
    CHECK(fs::file_size(root / "etc/machine-id") == 0);
    CHECK(fs::exists(root / "etc/ssh/sshd_config"));
    CHECK(fs::file_size(root / "var/log/syslog") == 0);
    CHECK(platform::readFile(root / "home/u/file") == "keep\n");
    for (const char* gone : {"var/log/journal/x", "var/lib/dhcp/dhclient.leases", "root/.bash_history",
                             "home/u/.python_history", "tmp/t", "var/lib/cloud/data"})
        CHECK_FALSE(fs::exists(root / gone));
    CHECK(fs::is_symlink(root / "etc/systemd/system/multi-user.target.wants/bm-ssh-host-keys.service"));
    CHECK(generaliseTree(root).size() <= 3); // a repetition changes only the unit
}

TEST_CASE("links in a captured system lead nowhere outside it", "[agent][generalise]")
{
    DiskWorld world;
    world.shell("mkdir -p outside/journal r/etc r/var/lib; echo precious > outside/syslog; echo precious > "
                "outside/dhclient.leases; "
                "echo precious > outside/ssh_host_rsa_key; ln -s ../../outside r/var/log; ln -s "
                "../../../outside r/var/lib/dhcp; "
                "ln -s ../../outside r/etc/ssh; ln -s ../outside r/tmp; ln -s ../outside r/root; ln -s "
                "../../outside/syslog r/etc/machine-id; "
                "ln -s ../outside r/home");
    generaliseTree(world.path("r"));
    for (const char* name : {"syslog", "dhclient.leases", "ssh_host_rsa_key"})
        CHECK(platform::readFile(world.path("outside") / name) == "precious\n");
    CHECK(fs::exists(world.path("outside/journal")));
}

TEST_CASE("the file system of a grown partition grows", "[agent][growth]")
{
    DiskWorld world;
    const auto [kind, mkfs, mib] = GENERATE(table<const char*, const char*, int>({
        {"ext4", "mkfs.ext4 -q -d tree $P", 32},
        {"xfs", "mkfs.xfs -q $P", 320},
        {"btrfs", "mkfs.btrfs -q -r tree $P", 256},
    }));
    INFO(kind);
    world.shell("mkdir tree; head -c 900000 /dev/urandom > tree/blob");
    world.disk(mib + 8, mib, mkfs);
    world.shell("truncate -s " + std::to_string(2 * mib) +
                "M disk.raw; sgdisk -e disk.raw > out; echo ', +' | sfdisk -q -N 1 disk.raw");
    const FileSystemGrowth growth =
        growLastFileSystem(world.path("disk.raw"), *world.exec, world.log, DiskWorld::soon());
    CHECK(growth.trouble == "");
    CHECK(growth.fileSystem == kind);
    CHECK(growth.bytesAfter > growth.bytesBefore + growth.bytesBefore / 2);
    const FileSystemGrowth again =
        growLastFileSystem(world.path("disk.raw"), *world.exec, world.log, DiskWorld::soon());
    CHECK(again.trouble == "");
    CHECK(again.bytesAfter == growth.bytesAfter);
}

TEST_CASE("a file system that cannot grow is reported, not thrown", "[agent][growth]")
{
    DiskWorld world;
    SECTION("damaged")
    {
        world.disk(
            40, 32,
            "mkfs.ext4 -q $P; dd if=/dev/urandom of=$P bs=1024 seek=2 count=8 conv=notrunc status=none");
        const FileSystemGrowth growth =
            growLastFileSystem(world.path("disk.raw"), *world.exec, world.log, DiskWorld::soon());
        CHECK_FALSE(growth.trouble.empty());
    }
    SECTION("unknown")
    {
        world.disk(16, 8, "mkswap $P");
        const FileSystemGrowth growth =
            growLastFileSystem(world.path("disk.raw"), *world.exec, world.log, DiskWorld::soon());
        CHECK(growth.fileSystem.empty());
        CHECK(growth.trouble.empty());
    }
}

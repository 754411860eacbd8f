// Config drives as FAT file systems and in MBRs, by dosfstools, mtools, mkisofs, sfdisk and blkid.
#include "agent/drive/config_drive.h"
#include "agent/drive/fat_image.h"
#include "agent/tree/system_files.h"
#include "common/model/error.h"
#include "common/platform/exec.h"
#include "common/platform/files.h"
#include "common/platform/log.h"
#include "common/text/drive_image.h"

#include <catch2/catch.hpp>
#include <fstream>

using namespace bm;
using namespace bm::agent;
using Catch::Matchers::Contains;

namespace {

constexpr std::size_t kDriveMib = std::size_t{1} << 20U;

struct DriveWorld {
    platform::TemporaryFolder folder{"bm-config-drive-test"};
    std::unique_ptr<platform::Exec> exec = platform::makeExec(platform::kAllCapabilities);

    std::filesystem::path path(const std::string& name) const { return folder.path() / name; }
    std::string shell(const std::string& script) const
    {
        const platform::Exit exit =
            exec->run({{"/bin/bash", "-c",
                        "set -e; export PATH=$PATH:/usr/sbin:/sbin LC_ALL=C.UTF-8; cd " +
                            folder.path().string() + "; " + script}},
                      model::Deadline::in(std::chrono::minutes{1}));
        INFO(script << ": " << exit.err << exit.out);
        REQUIRE(exit.code == 0);
        return exit.out;
    }
    void write(const std::string& name, const std::string& bytes) const
    {
        std::ofstream(path(name), std::ios::binary) << bytes;
    }
    /// Writes the FAT of @p files, and checks it by fsck.fat; mcopy extracts it to out/.
    void unpack(const DriveFiles& files, std::uint32_t sector) const
    {
        const std::string image = makeFat(files, sector);
        CHECK(image.size() % kDriveMib == 0);
        write("fat", image);
        shell("fsck.fat -n fat; rm -rf out; mkdir out; mcopy -s -n -i fat ::/ out");
    }
    DriveFiles unpacked() const
    {
        DriveFiles out;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(path("out")))
            if (entry.is_regular_file())
                out[entry.path().lexically_relative(path("out")).string()] =
                    platform::readFile(entry.path(), 64 * kDriveMib);
        return out;
    }
    std::string iso(const std::string& options = "-R") const
    {
        shell("genisoimage -quiet -V config-2 " + options + " -o iso tree");
        return platform::readFile(path("iso"), 64 * kDriveMib);
    }
};

std::string someBytes(std::size_t count)
{
    std::string out(count, '\0');
    std::uint32_t state = 1;
    for (char& c : out)
        c = static_cast<char>((state = state * 1664525U + 1013904223U) >> 24U);
    return out;
}

DriveFiles openstack()
{
    return {{"openstack/latest/meta_data.json", R"({"uuid": "u"})"},
            {"openstack/latest/user_data", someBytes(10'000)},
            {"openstack/latest/vendor_data.json", ""},
            {"openstack/content/0000", std::string(4096, 'x')}};
}

std::string driveRefusal(const std::function<void()>& call)
{
    try {
        call();
    } catch (const model::Error& error) {
        CHECK(error.code() == model::ErrorCode::ConfigDriveFailed);
        return error.message();
    }
    return "accepted";
}

} // namespace

TEST_CASE("a FAT config drive holds its files", "[agent][config-drive]")
{
    const DriveWorld world;
    const auto sector = GENERATE(512U, 4096U);
    world.unpack(openstack(), sector);
    CHECK(world.unpacked() == openstack());
    const std::string probed = world.shell("blkid -p -o export fat");
    CHECK_THAT(probed, Contains("TYPE=vfat") && Contains("LABEL=config-2") && Contains("VERSION=FAT12"));
}

TEST_CASE("a FAT config drive has long and foreign names and large folders", "[agent][config-drive]")
{
    const DriveWorld world;
    DriveFiles files{{"ümläut ♥", "a"}, {"UPPER.TXT", "b"},           {"a.b.c.d", "c"},
                     {".hidden", "d"},  {std::string(255, 'n'), "e"}, {std::string(13, 't'), "f"}};
    for (int i = 0; i < 300; ++i)
        files["many/long name of file " + std::to_string(i) + ".txt"] = std::to_string(i);
    world.unpack(files, 4096);
    CHECK(world.unpacked() == files);
    world.unpack({{"a:b?/trailing.", "x"}}, 4096);
    CHECK(world.unpacked() == DriveFiles{{"a_b_/trailing_", "x"}});
    CHECK_THAT(driveRefusal([] { makeFat({{"a/B", ""}, {"a/b", ""}}, 4096); }), Contains("are one name"));
    CHECK_THAT(driveRefusal([] { makeFat({{"a", ""}, {"a/b", ""}}, 4096); }), Contains("are one name"));
    CHECK_THAT(driveRefusal([] { makeFat({{std::string(256, 'n'), ""}}, 4096); }), Contains("too long"));
    CHECK_THAT(driveRefusal([] {
                   makeFat({{"a", std::string(33 * kDriveMib, 'x')}}, 512);
               }),
               Contains("too large"));
}

TEST_CASE("a large FAT config drive is FAT16", "[agent][config-drive]")
{
    const DriveWorld world;
    for (const std::size_t mib : std::initializer_list<std::size_t>{14, 17}) {
        const DriveFiles files{{"openstack/latest/user_data", std::string(mib * kDriveMib, 'x')}};
        world.unpack(files, 4096);
        CHECK(world.unpacked() == files);
        CHECK_THAT(world.shell("blkid -p -o value -s VERSION fat"), Contains(mib == 14 ? "FAT12" : "FAT16"));
    }
}

TEST_CASE("a whole ISO moves into a FAT on larger sectors", "[agent][config-drive]")
{
    const DriveWorld world;
    world.shell(
        "mkdir -p tree/openstack/2018-08-27 tree/ec2/latest; cd tree; "
        "echo '{\"hostname\": \"web\"}' > openstack/2018-08-27/meta_data.json; "
        "head -c 100000 /dev/urandom > openstack/2018-08-27/user_data; ln -s 2018-08-27 openstack/latest; "
        "ln openstack/2018-08-27/user_data ec2/latest/user-data; ln -s /etc/passwd outside; "
        "echo ü > ü1; ln ü1 ü2; "
        "ln -s missing dangling; touch empty");
    const auto options = GENERATE("-R", "-R -J", "-J -f", "-R -cache-inodes");
    const std::string iso = world.iso(options);
    INFO(options);
    REQUIRE(text::isIso(iso));
    CHECK(fittedConfigDrive(iso, 512) == iso);
    CHECK(fittedConfigDrive("", 4096).empty());
    const std::string fat = fittedConfigDrive(iso, 4096);
    CHECK_NOTHROW(checkConfigDrive(fat));
    world.write("fat", fat);
    world.shell("fsck.fat -n fat; mkdir out; mcopy -s -n -i fat ::/ out; "
                "cmp out/openstack/latest/user_data tree/openstack/2018-08-27/user_data; "
                "cmp out/ec2/latest/user-data tree/openstack/2018-08-27/user_data; "
                "grep web out/openstack/latest/meta_data.json");
    CHECK(platform::readFile(world.path("out/ü1")) == "ü\n");
    CHECK(platform::readFile(world.path("out/ü2")) == "ü\n");
    CHECK(std::filesystem::exists(world.path("out/empty")));
    CHECK_FALSE(std::filesystem::exists(world.path("out/dangling")));
    CHECK(identityFrom(iso).hostName == "web");
}

TEST_CASE("links in an ISO that multiply its files are refused", "[agent][config-drive]")
{
    const DriveWorld world;
    world.shell("mkdir -p tree/d; cd tree/d; touch f; for i in {100..160}; do ln -s . l$i; done");
    CHECK_THAT(driveRefusal([iso = world.iso()] { filesOfIso(iso); }), Contains("more than 20000 files"));
}

TEST_CASE("a FAT goes as it is onto sectors that it is for", "[agent][config-drive]")
{
    const DriveWorld world;
    world.shell("mkfs.fat -C -n config-2 small 2000; mkfs.fat -C -S 4096 -n config-2 large 2000");
    const std::string small = platform::readFile(world.path("small"));
    const std::string large = platform::readFile(world.path("large"));
    CHECK(fittedConfigDrive(small, 512) == small);
    CHECK(fittedConfigDrive(large, 4096) == large);
    CHECK_THAT(driveRefusal([&] { fittedConfigDrive(small, 4096); }),
               Contains("sectors of 512 bytes, the disk has"));
    CHECK_THAT(driveRefusal([&] {
                   fittedConfigDrive(std::string(32768, '\0') + "\1CD001" + std::string(4096, '\0'), 4096);
               }),
               Contains("ISO 9660 image: "));
}

TEST_CASE("an MBR gets a primary partition for the config drive", "[agent][config-drive]")
{
    const DriveWorld world;
    const std::string fat = makeFat(openstack(), 512);
    const auto disk = [&](const std::string& script) {
        world.shell("rm -f disk; truncate -s 64M disk; printf 'label: dos\\n" + script +
                    "' | sfdisk -q disk");
        return BlockDevice(world.path("disk"), BlockDevice::Access::Write);
    };
    SECTION("at the end of the disk, beside an extended one")
    {
        BlockDevice device = disk(",8M,L,*\\n,16M,5\\n");
        std::optional<Mbr> table = Mbr::read(device);
        REQUIRE(table);
        CHECK(table->partitions().size() == 2);
        CHECK_FALSE(configDriveIn(device, *table));
        placeConfigDrive(device, *table, fat);
        table->write(device);
        const std::string dump = world.shell("sfdisk -d disk");
        CHECK_THAT(dump, Contains("start=      129024, size=        2048, type=83") && Contains("bootable"));
        CHECK_THAT(world.shell("blkid -p -o value -s LABEL -O $((63 << 20)) disk"), Contains("config-2"));
        const std::optional<Mbr> again = Mbr::read(device);
        REQUIRE(configDriveIn(device, *again));
        CHECK(configDriveIn(device, *again)->first == 129024);
        std::optional<Mbr> second = again;
        placeConfigDrive(device, *second, fat); // into the same partition
        CHECK(second->partitions().size() == 3);
        second->remove(*configDriveIn(device, *again));
        CHECK(second->partitions().size() == 2);
    }
    SECTION("not in a boot sector that has code in place of the entries")
    {
        std::vector<std::byte> sector(512, std::byte{0x90});
        sector[510] = std::byte{0x55};
        sector[511] = std::byte{0xaa};
        CHECK_FALSE(Mbr::parse(sector));
        CHECK(findTable(sector).kind == TableKind::None);
    }
    SECTION("not as a fifth")
    {
        const BlockDevice device = disk(",8M\\n,8M\\n,8M\\n,8M\\n");
        CHECK_THAT(driveRefusal([&] { Mbr::read(device)->addAtEnd(131072, 2048); }),
                   Contains("four primary partitions"));
    }
    SECTION("not without space")
    {
        const BlockDevice device = disk(",63M\\n");
        CHECK_THAT(driveRefusal([&] { Mbr::read(device)->addAtEnd(131072, 2048); }), Contains("needs 1 MiB"));
    }
    SECTION("below 2 TiB of a larger disk")
    {
        const BlockDevice device = disk(",8M\\n");
        const Extent place = Mbr::read(device)->addAtEnd(std::uint64_t{6} << 30U, 4096);
        CHECK(place.last + 1 == std::uint64_t{1} << 32U);
        CHECK(place.first % 2048 == 0);
    }
}

TEST_CASE("every key of a config drive is written into a tree", "[agent][config-drive]")
{
    const DriveWorld world;
    const auto identity = [&](const std::string& meta) {
        world.shell("rm -rf tree iso; mkdir -p tree/openstack/latest");
        world.write("tree/openstack/latest/meta_data.json", meta);
        return identityFrom(world.iso());
    };
    const SystemIdentity found = identity(
        R"({"local-hostname": "web", "public_keys": {"a": "ssh-rsa A\n# me\nssh-rsa B\n", "b": ["ssh-rsa AB"], "c": 5}})");
    CHECK(found.hostName == "web");
    CHECK(found.sshKeys == std::vector<std::string>{"ssh-rsa A", "ssh-rsa B", "ssh-rsa AB"});
    CHECK(identity(R"({"public_keys": ["ssh-rsa A", "ssh-rsa B"]})").sshKeys.size() == 2);
    CHECK(identity(R"({"public_keys": null, "hostname": 5})").hostName.empty());

    AgentLog log;
    platform::setLogLevel(platform::LogLevel::Error);
    world.shell("mkdir -p root/root/.ssh; echo 'ssh-rsa ABC old' > root/root/.ssh/authorized_keys");
    writeSystemFiles(world.path("root").string(), {},
                     {.hostName = "web", .sshKeys = {"ssh-rsa AB", "ssh-rsa A"}}, log);
    platform::setLogLevel(platform::LogLevel::Info);
    CHECK(platform::readFile(world.path("root/root/.ssh/authorized_keys")) ==
          "ssh-rsa ABC old\nssh-rsa AB\nssh-rsa A\n");
}

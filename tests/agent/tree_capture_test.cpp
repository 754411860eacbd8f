// The files of a system as an archive, which GNU tar unpacks to equal files. The file systems are made by
// mkfs and mounted.
#include "agent/capture/captured_system.h"
#include "agent/capture/fstab.h"
#include "agent/capture/tree_archive.h"
#include "common/model/error.h"
#include "common/platform/files.h"
#include "common/platform/log.h"

#include <catch2/catch.hpp>
#include <fstream>

using namespace bm;
using namespace bm::agent;
namespace fs = std::filesystem;

namespace {

struct TreeWorld {
    platform::TemporaryFolder folder{"bm-tree-capture"};
    std::unique_ptr<platform::Exec> exec = platform::makeExec(platform::kAllCapabilities);
    AgentLog log;

    TreeWorld() { platform::setLogLevel(platform::LogLevel::Error); }
    ~TreeWorld() { platform::setLogLevel(platform::LogLevel::Info); }
    TreeWorld(const TreeWorld&) = delete;
    TreeWorld& operator=(const TreeWorld&) = delete;

    static model::Deadline soon() { return model::Deadline::in(std::chrono::minutes{2}); }
    fs::path path(const std::string& name) const { return folder.path() / name; }

    std::string shell(const std::string& script) const
    {
        const platform::Exit exit = exec->run({{"/bin/bash", "-c",
                                                "set -eo pipefail; export PATH=$PATH:/usr/sbin:/sbin; cd " +
                                                    folder.path().string() + "; " + script}},
                                              soon());
        INFO(script << ": " << exit.err << exit.out);
        REQUIRE(exit.code == 0);
        return exit.out;
    }

    /// Writes it to @p name and checks that the length was known before.
    std::size_t write(std::vector<ArchivePart> parts, const std::string& name) const
    {
        TreeArchive archive(std::move(parts));
        const std::uint64_t expected = archive.bytes({});
        std::ofstream file(path(name), std::ios::binary);
        archive.write(
            [&file](std::span<const std::byte> bytes) {
                file.write(reinterpret_cast<const char*>(bytes.data()),
                           static_cast<std::streamsize>(bytes.size()));
            },
            {});
        file.close();
        CHECK(fs::file_size(path(name)) == expected);
        return archive.entries();
    }

    /// disk.raw: an ESP, a root file system (ext4) with @p fstab ("$SRV": the UUID of the third) and an xfs.
    void disk(const std::string& fstab) const
    {
        shell(
            "truncate -s 500M disk.raw; printf 'label: gpt\nstart=2048, size=32MiB, type=uefi\nsize=100MiB\n"
            "size=320MiB\n' | sfdisk -q disk.raw; truncate -s 32M esp; mkfs.vfat esp; truncate -s 320M srv; "
            "mkfs.xfs -q srv; SRV=$(blkid -s UUID -o value srv); mkdir -p root/etc root/srv root/var/log "
            "mnt; "
            "echo ID=debian > root/etc/os-release; echo 0123 > root/etc/machine-id; echo " +
            fstab +
            " > root/etc/fstab; head -c 3M /dev/urandom > root/swap; echo below > root/srv/hidden; "
            "truncate -s 100M part; mkfs.ext4 -q -d root part; mount -o loop srv mnt; mkdir mnt/web; "
            "echo years > mnt/web/data; setfacl -m u:33:rw mnt/web/data; umount mnt; "
            "dd if=esp of=disk.raw bs=1M seek=1 conv=notrunc,sparse status=none; "
            "dd if=part of=disk.raw bs=1M seek=33 conv=notrunc,sparse status=none; "
            "dd if=srv of=disk.raw bs=1M seek=133 conv=notrunc,sparse status=none");
    }
};

} // namespace

TEST_CASE("lines of fstab", "[agent][capture]")
{
    const std::vector<FstabLine> lines =
        parseFstab("# /etc/fstab\n\nUUID=1-2 / ext4 defaults 0 1\n"
                   "LABEL=d /my\\040data xfs\nnonsense\n  # x y z\n/swap none swap sw 0 0");
    REQUIRE(lines.size() == 3);
    CHECK(lines[0].spec == "UUID=1-2");
    CHECK(lines[1].mount == "/my data");
    CHECK(lines[2].type == "swap");
}

TEST_CASE("tar unpacks the same files that the agent archived", "[agent][capture]")
{
    const TreeWorld world;
    world.shell(
        "mkdir -p tree/etc tree/dev tree/d$(printf 'x%.0s' {1..150}); cd tree; echo a > etc/a; ln etc/a "
        "etc/b; "
        "ln -s ../etc/a dev/link; mknod dev/null c 1 3; mkfifo etc/pipe; truncate -s 40M etc/hole; "
        "echo middle | dd of=etc/hole bs=1M seek=20 conv=notrunc status=none; truncate -s 3G etc/all-hole; "
        "setfattr -n user.x -v y etc/a; setcap cap_net_raw+ep etc/hole; setfacl -m u:42:rw etc/a; chown 7:8 "
        "etc/a; "
        "chmod 6755 etc/a; touch -d '1999-12-31 23:59:59.123456789' etc/a; printf 'x' > $'etc/latin\\xe4'; "
        "(cd dx* && touch $(printf 'n%.0s' {1..200})); chmod 1777 dev; mkdir lost+found; touch lost+found/x");
    const std::size_t entries = world.write({{world.path("tree"), "", {}}}, "tree.tar");
    CHECK(entries == 13);
    world.write({{world.path("tree"), "", {}}}, "again.tar");
    world.shell("cmp tree.tar again.tar");                    // an interrupted capture resumes
    CHECK(fs::file_size(world.path("tree.tar")) < 3'000'000); // the archive has no holes
    world.shell(
        "mkdir out; tar --xattrs --xattrs-include='*' --acls --numeric-owner -xpf tree.tar -C out; "
        "rm -r tree/lost+found; "
        "list() { (cd $1; find . -printf '%p %y %m %U %G %l %n %T@ %s\\n' | grep -v '^\\. ' | sed "
        "'s/ d \\(.*\\) [0-9]*$/ d \\1/' | LC_ALL=C sort; "
        "find . -print0 | LC_ALL=C sort -z | xargs -0 getfattr -h -d -m '^(user|security)' 2>/dev/null "
        "| grep -v '^$'); }; diff <(list tree) "
        "<(list out); cmp "
        "tree/etc/hole out/etc/hole; "
        "test $(du -k out/etc/all-hole | cut -f1) -lt 100");
    // GNU tar ignores ACLs in this form; bm-convert reads them.
    world.shell("grep -qa SCHILY.xattr.system.posix_acl_access= tree.tar");
}

TEST_CASE("a file that cannot be read is named", "[agent][capture]")
{
    const TreeWorld world;
    TreeArchive archive({{world.path("absent"), "", {}}});
    CHECK_THROWS_AS(archive.bytes({}), model::Error);
    std::stop_source stop;
    stop.request_stop();
    TreeArchive stopped({{world.folder.path(), "", {}}});
    CHECK_THROWS_WITH(stopped.write([](std::span<const std::byte>) {}, stop.get_token()),
                      Catch::Matchers::Contains("stopped"));
}

TEST_CASE("the file systems of a system, by its fstab", "[agent][capture]")
{
    TreeWorld world;
    world.disk("-e \"/dev/x / ext4\\nUUID=$SRV /srv xfs\\nUUID=77 /backup ext4\\n/swap none swap\\nUUID=1-1 "
               "/boot/efi vfat\"");
    const BlockDevice device(world.path("disk.raw"), BlockDevice::Access::Write);
    const CapturedSystem system(device, *world.exec, world.log, TreeWorld::soon());
    REQUIRE(system.volumes().size() == 2);
    CHECK(system.volumes()[1].mount == "/srv");
    REQUIRE(system.leftOut().size() == 1);
    CHECK_THAT(system.leftOut()[0], Catch::Matchers::Contains("/backup"));
    const std::vector<std::string> done = system.generalise();
    CHECK_THAT(done, Catch::Matchers::VectorContains(std::string("etc/machine-id emptied")));
    world.write(system.parts(), "tree.tar");
    const std::string names = world.shell("tar -tf tree.tar | LC_ALL=C sort | tr '\\n' ' '");
    CHECK(names ==
          "./ etc/ etc/fstab etc/machine-id etc/os-release srv/ srv/web/ srv/web/data var/ var/log/ ");
}

TEST_CASE("a system has exactly one root file system", "[agent][capture]")
{
    TreeWorld world;
    world.disk("x");
    world.shell("P=disk.raw; dd if=part of=srv conv=notrunc status=none; truncate -s 320M srv; dd if=srv "
                "of=$P bs=1M seek=133 conv=notrunc status=none");
    const BlockDevice two(world.path("disk.raw"), BlockDevice::Access::Write);
    CHECK_THROWS_WITH(CapturedSystem(two, *world.exec, world.log, TreeWorld::soon()),
                      Catch::Matchers::Contains("2 root"));
    world.shell("dd if=/dev/zero of=disk.raw bs=1M seek=33 count=420 conv=notrunc status=none");
    CHECK_THROWS_WITH(CapturedSystem(two, *world.exec, world.log, TreeWorld::soon()),
                      Catch::Matchers::Contains("no root"));
}

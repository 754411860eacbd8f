#include "tests/images/store_world.h"

#include "common/platform/child_process.h"
#include "images/formats/formats.h"
#include "images/formats/partition_table.h"
#include "images/formats/qcow2_clusters.h"
#include "images/formats/qcow2_header.h"

#include <array>
#include <cerrno>
#include <cstddef>

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace bm;
using namespace bm::images::testing;
using Catch::Matchers::Contains;
using model::ErrorCode;

namespace {

std::span<const std::byte> bytesOf(const std::string& text)
{
    return std::as_bytes(std::span(text));
}

void put(std::string& text, std::size_t at, std::uint64_t value, std::size_t bytes)
{
    for (std::size_t i = 0; i < bytes; ++i)
        text[at + i] = static_cast<char>((value >> (8 * (bytes - 1 - i))) & 0xffU);
}

std::string goodHeader(const StoreWorld& world)
{
    world.shell("qemu-img create -q -f qcow2 h.qcow2 64M");
    return platform::readFile(world.path("h.qcow2"));
}

} // namespace

TEST_CASE("every field of a qcow2 header is checked", "[images][qcow2]")
{
    const StoreWorld world;
    std::string header = goodHeader(world);
    const auto parse = [&] { return images::parseQcow2Header(bytesOf(header), header.size(), 256 * kMiB); };
    CHECK(parse().virtualBytes == 64 * kMiB);
    CHECK(parse().clusterBytes == 65536);

    struct Lie {
        std::size_t at;
        std::uint64_t value;
        std::size_t bytes;
        ErrorCode code;
        const char* says;
    };
    const std::vector<Lie> lies{
        {4, 4, 4, ErrorCode::ImageUnsupported, "version 4"},
        {8, 4096, 8, ErrorCode::ImageUnsupported, "backing file"},
        {20, 8, 4, ErrorCode::ImageCorrupt, "cluster size"},
        {20, 63, 4, ErrorCode::ImageCorrupt, "cluster size"},
        {24, 257 * kMiB, 8, ErrorCode::ImageTooLarge, "limit"},
        {24, ~std::uint64_t{0}, 8, ErrorCode::ImageTooLarge, "limit"},
        {24, 0, 8, ErrorCode::ImageUnsupported, "size of 0"},
        {32, 1, 4, ErrorCode::ImageUnsupported, "encrypted"},
        {36, 0xffffffff, 4, ErrorCode::ImageCorrupt, "L1 entries"},
        {40, ~std::uint64_t{0}, 8, ErrorCode::ImageCorrupt, "outside"},
        {48, std::uint64_t{1} << 40U, 8, ErrorCode::ImageCorrupt, "outside"},
        {60, 1, 4, ErrorCode::ImageUnsupported, "snapshots"},
        {72, 2, 8, ErrorCode::ImageCorrupt, "corrupt"},
        {72, 4, 8, ErrorCode::ImageUnsupported, "external data"},
        {72, 32, 8, ErrorCode::ImageUnsupported, "0x20"},
        {100, 72, 4, ErrorCode::ImageCorrupt, "header length"},
        {100, 0xfffffff0, 4, ErrorCode::ImageCorrupt, "header length"},
        {112, 0x44415441, 4, ErrorCode::ImageUnsupported, "external data"},
        {112, 0x0537be77, 4, ErrorCode::ImageUnsupported, "encrypted"},
        {116, 0xffffffff, 4, ErrorCode::ImageCorrupt, "extension"},
    };
    for (const Lie& lie : lies) {
        INFO("at " << lie.at << ": " << lie.value);
        header = goodHeader(world);
        put(header, lie.at, lie.value, lie.bytes);
        const Failure failure = failureOf(parse);
        CHECK(failure.code == lie.code);
        CHECK_THAT(failure.message, Contains(lie.says));
        CHECK_FALSE(failure.hint.empty());
    }
}

TEST_CASE("noise in headers and tables does no harm", "[images][qcow2]")
{
    const StoreWorld world;
    const std::string good = goodHeader(world);
    std::mt19937 random(11);
    int accepted = 0;
    for (int round = 0; round < 3000; ++round) {
        std::string bad = good.substr(0, good.size() - random() % 100);
        for (unsigned i = 0; i < 1 + random() % 4; ++i)
            bad[random() % 128] = static_cast<char>(random());
        try {
            images::parseQcow2Header(bytesOf(bad), bad.size(), 256 * kMiB);
            ++accepted;
        } catch (const model::Error&) {
            continue;
        }
    }
    CHECK(accepted > 0);
    CHECK(accepted < 3000);
    for (int round = 0; round < 3000; ++round) {
        std::string sectors = noise(random() % 9000, static_cast<unsigned>(round));
        if (sectors.size() > 1024)
            sectors.replace(512, 8, "EFI PART");
        images::partitionExtent(bytesOf(sectors));
        images::detectCompression(bytesOf(sectors));
    }
}

TEST_CASE("an image shorter than its partition table is truncated", "[images][formats]")
{
    const StoreWorld world;
    world.shell("truncate -s 8M g.raw; echo 'label: gpt\n,4M' | sfdisk -q g.raw; truncate -s 8M m.raw; echo "
                "',7M' | sfdisk -q m.raw");
    const std::string gpt = platform::readFile(world.path("g.raw"));
    CHECK(images::partitionExtent(bytesOf(gpt)).kind == "GPT");
    CHECK(images::partitionExtent(bytesOf(gpt)).leastBytes == 8 * kMiB);
    const std::string mbr = platform::readFile(world.path("m.raw"));
    CHECK(images::partitionExtent(bytesOf(mbr)).kind == "MBR");
    CHECK(images::partitionExtent(bytesOf(mbr)).leastBytes == 8 * kMiB);
    CHECK(failureOf([&] { images::checkRawLength(bytesOf(gpt), 7 * kMiB); }).code == ErrorCode::ImageCorrupt);

    SECTION("the boot sector of a FAT file system is not a partition table")
    {
        world.shell("truncate -s 8M f.raw; mkfs.vfat f.raw > /dev/null");
        CHECK(images::partitionExtent(bytesOf(platform::readFile(world.path("f.raw")))).leastBytes == 0);
    }
}

TEST_CASE("the child that converts an image is confined", "[images][sandbox]")
{
    const StoreWorld world;
    const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe");
    const std::string helper = (program.parent_path() / "../../images/bm-convert").string();
    world.write("given", "given");
    world.write("other", "other");
    const auto confined = [&](std::vector<std::string> argv) {
        std::vector<std::string> all{helper,    "run",       "--read", world.path("given").string(),
                                     "--write", "/dev/null", "--file", "65536",
                                     "--"};
        all.insert(all.end(), argv.begin(), argv.end());
        return world.exec->run({.argv = all}, soon());
    };
    SECTION("it reads the named file only")
    {
        CHECK(confined({"/usr/bin/cat", world.path("given").string()}).out == "given");
        for (const std::string& path :
             {world.path("other").string(), std::string("/etc/passwd"), std::string("/proc/self/environ")}) {
            const platform::Exit exit = confined({"/usr/bin/cat", path});
            CHECK(exit.code != 0);
            CHECK_THAT(exit.err, Contains("Permission denied"));
        }
    }
    SECTION("it opens no socket")
    {
        const platform::Exit exit = confined({"/usr/bin/curl", "-s", "-S", "http://127.0.0.1:9/"});
        CHECK(exit.code == 7); // could not connect
        const platform::Exit socket =
            confined({"/usr/bin/perl", "-MSocket", "-e",
                      "socket(my $s, AF_INET, SOCK_STREAM, 0) or do { print STDERR $!; exit 9 }"});
        CHECK(socket.code == 9);
        CHECK_THAT(socket.err, Contains("not permitted"));
    }
    SECTION("it writes no file")
    {
        const platform::Exit exit = confined({"/usr/bin/touch", world.path("new").string()});
        CHECK(exit.code != 0);
        CHECK_FALSE(std::filesystem::exists(world.path("new")));
    }
    SECTION("it sends no signal to bmd")
    {
        const platform::Exit exit =
            confined({"/usr/bin/perl", "-e", "kill(0, getppid()) or do { print STDERR $!; exit 9 }"});
        CHECK(exit.code == 9);
        CHECK_THAT(exit.err, Contains("not permitted"));
    }
    SECTION("wrong arguments print the usage")
    {
        CHECK(world.exec->run({.argv = {helper}}, soon()).code == 64);
        CHECK(world.exec->run({.argv = {helper, "run", "--cpu", "x", "--", "/bin/true"}}, soon()).code == 64);
        CHECK(world.exec->run({.argv = {helper, "run", "--read"}}, soon()).code == 64);
    }
}

namespace {

/// Between fork and exec: a kernel without Landlock, for this process and its children.
void denyLandlock()
{
    const std::array<sock_filter, 4> program{{{BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
                                              {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_landlock_create_ruleset},
                                              {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | ENOSYS},
                                              {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}}};
    const sock_fprog filter{static_cast<unsigned short>(program.size()),
                            const_cast<sock_filter*>(program.data())};
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0);
}

/// Runs @p argv where the kernel lacks Landlock. @return the exit code; stderr in @p err
int runWithoutLandlock(const std::vector<std::string>& argv, std::string& err)
{
    const platform::Fd null = platform::nullAboveStdio(O_RDWR);
    platform::Pipe pipe = platform::pipeAboveStdio();
    platform::ChildProcess child({.argv = argv}, {null.get(), null.get(), pipe.write.get()}, denyLandlock);
    pipe.write = platform::Fd();
    std::array<char, 512> buffer{};
    for (ssize_t got = 1; (got = ::read(pipe.read.get(), buffer.data(), buffer.size())) > 0;)
        err.append(buffer.data(), static_cast<std::size_t>(got));
    return child.reap();
}

} // namespace

TEST_CASE("the converter and a kernel without Landlock", "[images][sandbox]")
{
    const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe");
    const std::string helper = (program.parent_path() / "../../images/bm-convert").string();
    std::string err;
    SECTION("starts nothing, and names the kernel's option")
    {
        CHECK(runWithoutLandlock({helper, "run", "--", "/bin/true"}, err) == 72);
        CHECK_THAT(err, Contains("CONFIG_SECURITY_LANDLOCK") && Contains("lsm="));
        CHECK(runWithoutLandlock({helper, "decompress", "--limit", "10"}, err) == 72);
    }
    SECTION("converts where bmd.yaml permits it, with the other measures")
    {
        CHECK(runWithoutLandlock({helper, "run", "--without-landlock", "--", "/bin/true"}, err) == 0);
        CHECK(runWithoutLandlock({helper, "run", "--without-landlock", "--", "/usr/bin/perl", "-e",
                                  "kill(0, getppid()) or exit 9"},
                                 err) == 9);
    }
}

TEST_CASE("the error names a missing tool", "[images][import]")
{
    StoreWorld world;
    makeDisk(world);
    world.shell("qemu-img convert -q -f raw -O qcow2 disk.raw disk.qcow2");
    images::StoreSettings bare = world.settings;
    bare.qemuImg = "/usr/bin/no-such-qemu-img";
    images::ImageStore store(bare, *world.exec);
    const Failure failure = failureOf(
        [&] { store.import({.file = world.path("disk.qcow2"), .expectedChecksum = {}}, {}, soon()); });
    CHECK(failure.code == ErrorCode::NotFound);
    CHECK_THAT(failure.hint, Contains("qemu-utils"));
}

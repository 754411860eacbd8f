#include "tests/images/store_world.h"

using namespace bm;
using namespace bm::images::testing;
using Catch::Matchers::Contains;
using model::ErrorCode;

TEST_CASE("an image that refers to another file is refused", "[images][refusal]")
{
    StoreWorld world;
    makeDisk(world);
    const std::string file = world.path("x.qcow2").string();

    SECTION("a backing file")
    {
        world.shell("qemu-img convert -q -f raw -O qcow2 disk.raw base.qcow2;"
                    "qemu-img create -q -f qcow2 -b base.qcow2 -F qcow2 x.qcow2");
        const Failure failure = world.refusal(file);
        CHECK(failure.code == ErrorCode::ImageUnsupported);
        CHECK_THAT(failure.message, Contains("backing file"));
        CHECK_THAT(failure.hint, Contains("qemu-img convert"));
    }
    SECTION("a backing file in a compressed image")
    {
        world.shell("qemu-img create -q -f qcow2 -b disk.raw -F raw x.qcow2; gzip x.qcow2");
        CHECK(world.refusal(file + ".gz").code == ErrorCode::ImageUnsupported);
    }
    SECTION("an external data file")
    {
        world.shell("qemu-img create -q -f qcow2 -o data_file=x.data x.qcow2 32M");
        const Failure failure = world.refusal(file);
        CHECK(failure.code == ErrorCode::ImageUnsupported);
        CHECK_THAT(failure.message, Contains("external data file"));
    }
    SECTION("encryption")
    {
        // qemu-img measures its key derivation, and gives up where a busy machine gave it no time to measure
        world.shell("for try in 1 2 3 4 5; do qemu-img create -q -f qcow2 --object secret,id=s,data=abc -o "
                    "encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10 x.qcow2 8M && exit 0; "
                    "sleep 1; done; "
                    "exit 1");
        CHECK_THAT(world.refusal(file).message, Contains("encrypted"));
    }
    SECTION("internal snapshots")
    {
        world.shell("qemu-img create -q -f qcow2 x.qcow2 8M; qemu-img snapshot -c one x.qcow2");
        CHECK_THAT(world.refusal(file).message, Contains("snapshots"));
    }
    SECTION("an unsupported format, which the message names")
    {
        for (const std::string format : {"vdi", "qed", "parallels"}) {
            INFO(format);
            world.run({"/usr/bin/qemu-img", "convert", "-f", "raw", "-O", format,
                       world.path("disk.raw").string(), file});
            const Failure failure = world.refusal(file);
            CHECK(failure.code == ErrorCode::ImageUnsupported);
            CHECK_THAT(failure.hint, Contains("qemu-img convert -O qcow2"));
        }
    }
    SECTION("an ISO without a kernel")
    {
        world.write("x.iso", images::makeConfigDrive({}));
        const Failure failure = world.refusal(world.path("x.iso"));
        CHECK(failure.code == ErrorCode::ImageUnsupported);
        CHECK_THAT(failure.message, Contains("no kernel and initrd"));
    }
}

TEST_CASE("content other than a disk image is refused", "[images][refusal]")
{
    StoreWorld world;
    makeDisk(world);
    SECTION("a web page")
    {
        world.write("x", "<!DOCTYPE html>\n<html><body>404 Not Found</body></html>\n");
        const Failure failure = world.refusal(world.path("x"));
        CHECK(failure.code == ErrorCode::ImageUnsupported);
        CHECK_THAT(failure.message, Contains("text"));
    }
    SECTION("a compressed web page whose length is whole sectors")
    {
        world.write("x", std::string(2048, 'x'));
        world.shell("gzip x");
        CHECK_THAT(world.refusal(world.path("x.gz")).message, Contains("text"));
    }
    SECTION("an empty file")
    {
        world.write("x", "");
        CHECK(world.refusal(world.path("x")).code == ErrorCode::ImageCorrupt);
    }
    SECTION("an empty file, compressed")
    {
        world.shell("gzip < /dev/null > x.gz; xz < /dev/null > x.xz; zstd -q < /dev/null > x.zst");
        for (const char* name : {"x.gz", "x.xz", "x.zst"})
            CHECK(world.refusal(world.path(name)).code == ErrorCode::ImageCorrupt);
    }
    SECTION("a length that is not whole sectors")
    {
        world.write("x", noise(5001, 1));
        const Failure failure = world.refusal(world.path("x"));
        CHECK(failure.code == ErrorCode::ImageUnsupported);
        CHECK_THAT(failure.hint, Contains("qcow2"));
    }
    SECTION("an archive")
    {
        world.shell("tar cf a.tar disk.raw; tar czf a.tgz disk.raw");
        CHECK_THAT(world.refusal(world.path("a.tar")).message, Contains("tar"));
        CHECK_THAT(world.refusal(world.path("a.tgz")).message, Contains("tar"));
    }
    SECTION("a missing file, a folder, a pipe")
    {
        world.shell("mkfifo fifo");
        CHECK(world.refusal(world.path("absent")).code == ErrorCode::NotFound);
        CHECK(world.refusal(world.folder.path()).code == ErrorCode::InvalidInput);
        CHECK(world.refusal(world.path("fifo")).code == ErrorCode::InvalidInput);
    }
}

TEST_CASE("a truncated or damaged image is refused", "[images][refusal]")
{
    StoreWorld world;
    makeDisk(world);
    world.shell("cp disk.raw whole.raw; qemu-img convert -q -f raw -O qcow2 disk.raw disk.qcow2; qemu-img "
                "convert -q -c -f raw -O "
                "qcow2 disk.raw c.qcow2;"
                "gzip -k disk.raw; xz -0 -k disk.raw; bzip2 -k disk.raw; zstd -q -k disk.raw");
    for (const char* name :
         {"disk.raw", "disk.raw.gz", "disk.raw.xz", "disk.raw.bz2", "disk.raw.zst", "disk.qcow2", "c.qcow2"})
        for (const std::uint64_t left : {512U, 100U, 70'000U, 300'000U}) { // shorter at each turn
            INFO(name << " without its last " << left << " bytes and those of the turns before");
            const std::filesystem::path file = world.path(name);
            std::filesystem::resize_file(file, std::filesystem::file_size(file) - left);
            if (left <= 512U &&
                name == std::string("disk.qcow2")) { // padding of its last cluster, behind the disk's end
                const images::StoredImage stored = world.import(file);
                CHECK(world.restoresTo(stored, world.path("whole.raw")));
                world.store.remove(stored.contentId);
                continue;
            }
            const Failure failure = world.refusal(file);
            CHECK(failure.code == ErrorCode::ImageCorrupt);
            CHECK_FALSE(failure.hint.empty());
        }
}

TEST_CASE("a flipped bit in a compressed image is detected", "[images][refusal]")
{
    StoreWorld world;
    makeDisk(world);
    world.shell("gzip -k disk.raw; xz -0 -k disk.raw; bzip2 -k disk.raw; zstd -q -k disk.raw");
    for (const char* name : {"disk.raw.gz", "disk.raw.xz", "disk.raw.bz2", "disk.raw.zst"}) {
        INFO(name);
        std::string bytes = platform::readFile(world.path(name));
        bytes[bytes.size() / 3] = static_cast<char>(bytes[bytes.size() / 3] ^ 0x10);
        world.write(name, bytes);
        const Failure failure = world.refusal(world.path(name));
        INFO(failure.message);
        CHECK(failure.code == ErrorCode::ImageCorrupt);
    }
}

TEST_CASE("sizes are bounded", "[images][refusal]")
{
    StoreWorld world; // with a limit of 64 MiB
    SECTION("a raw image beyond the limit")
    {
        world.shell("truncate -s 300M big.raw");
        CHECK(world.refusal(world.path("big.raw")).code == ErrorCode::ImageTooLarge);
    }
    SECTION("a qcow2 that declares a size beyond the limit")
    {
        world.shell("qemu-img create -q -f qcow2 big.qcow2 1T; gzip -k big.qcow2");
        CHECK(world.refusal(world.path("big.qcow2")).code == ErrorCode::ImageTooLarge);
        CHECK(world.refusal(world.path("big.qcow2.gz")).code == ErrorCode::ImageTooLarge);
    }
    SECTION("a decompression bomb in every format")
    {
        world.shell(
            "head -c 70000000 /dev/zero > z; gzip -1 -c z > b.gz; zstd -q -1 -c z > b.zst; xz -0 -c z > b.xz;"
            "bzip2 -1 -c z > b.bz2; rm z");
        for (const char* name : {"b.gz", "b.zst", "b.xz", "b.bz2"}) {
            INFO(name);
            CHECK(world.refusal(world.path(name)).code == ErrorCode::ImageTooLarge);
        }
    }
}

TEST_CASE("a wrong checksum is refused before the content is read", "[images][refusal]")
{
    StoreWorld world;
    const std::filesystem::path raw = makeDisk(world);
    const Failure failure = world.refusal(raw, "sha256:" + std::string(64, '0'));
    CHECK(failure.code == ErrorCode::ChecksumMismatch);
    CHECK_THAT(failure.message, Contains("differs from the expected one"));
    CHECK(world.refusal(raw, "sha512:" + std::string(128, 'a')).code == ErrorCode::ChecksumMismatch);
    for (const std::string& text : std::vector<std::string>{
             "md5:d41d8cd98f00b204e9800998ecf8427e", "sha256:12", "sha256", "sha256:" + std::string(64, 'x')})
        CHECK(world.refusal(raw, text).code == ErrorCode::InvalidInput);
}

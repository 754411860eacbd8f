#include "tests/images/store_world.h"

#include "common/text/bytes.h"
#include "images/formats/disk_inspection.h"

#include <cstring>

using namespace bm;
using namespace bm::images::testing;
using Catch::Matchers::Contains;
using images::DiskFormat;
using images::StoredImage;
using model::ErrorCode;

namespace {

/// The variants of formats besides raw and qcow2 that qemu-img writes.
struct Written {
    const char* file;
    const char* options;
    const char* format; ///< the catalogue's name of the format
};
const std::vector<Written> kAll{
    {"sparse.vmdk", "-O vmdk", "vmdk"},
    {"stream.vmdk", "-O vmdk -o subformat=streamOptimized", "vmdk"},
    {"fixed.vhd", "-O vpc -o subformat=fixed,force_size", "vhd"},
    {"dynamic.vhd", "-O vpc -o force_size", "vhd"},
    {"dynamic.vhdx", "-O vhdx", "vhdx"},
    {"fixed.vhdx", "-O vhdx -o subformat=fixed", "vhdx"},
};

void makeAll(const StoreWorld& world)
{
    for (const Written& written : kAll)
        world.shell(std::string("qemu-img convert -q -f raw ") + written.options + " disk.raw " +
                    written.file);
}

void patch(const std::filesystem::path& file, std::uint64_t at, const std::string& bytes)
{
    std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
    stream.seekp(static_cast<std::streamoff>(at));
    stream << bytes;
}

std::string bigEndian(std::uint64_t value, std::size_t bytes)
{
    std::string text;
    for (std::size_t i = 0; i < bytes; ++i)
        text += static_cast<char>((value >> (8 * (bytes - 1 - i))) & 0xffU);
    return text;
}

std::string littleEndian(std::uint64_t value, std::size_t bytes)
{
    const std::string big = bigEndian(value, bytes);
    return {big.rbegin(), big.rend()};
}

/// Corrects a VHD's checksum after a change, in the structure of @p length bytes at @p at.
void sum(const std::filesystem::path& file, std::uint64_t at, std::size_t length, std::size_t field)
{
    const std::string all = platform::readFile(file);
    std::uint32_t total = 0;
    for (std::size_t i = 0; i < length; ++i)
        if (i < field || i >= field + 4)
            total += static_cast<unsigned char>(all[at + i]);
    patch(file, at + field, bigEndian(~total, 4));
}

} // namespace

TEST_CASE("vmdk, vhd and vhdx restore to the bytes that they were made of", "[images][import]")
{
    StoreWorld world;
    const std::filesystem::path raw = makeDisk(world);
    const std::string id = world.import(raw).contentId;
    makeAll(world);
    for (const Written& written : kAll) {
        INFO(written.file);
        world.store.remove(id); // so that the next import writes it again
        const StoredImage stored = world.import(world.path(written.file));
        CHECK(stored.sourceFormat == written.format);
        CHECK(stored.contentId == id);
        CHECK(world.restoresTo(stored, raw));
        world.shell(std::string("zstd -q ") + written.file);
        world.store.remove(id);
        const StoredImage packed = world.import(world.path(std::string(written.file) + ".zst"));
        CHECK(packed.sourceFormat == std::string(written.format) + "+zst");
        CHECK(packed.contentId == id);
    }
}

TEST_CASE("every compression that libarchive knows is imported", "[images][import]")
{
    StoreWorld world;
    const std::filesystem::path raw = makeDisk(world);
    const std::string id = world.import(raw).contentId;
    world.shell("lz4 -q disk.raw disk.lz4; xz --format=lzma -0 -c disk.raw > disk.lzma; lzip -0 -k disk.raw "
                "-o disk.lz;"
                "lzop -q -o disk.lzo disk.raw; compress -c disk.raw > disk.Z;"
                "qemu-img convert -q -f raw -O vmdk disk.raw d.vmdk; lz4 -q d.vmdk d.lz4");
    struct Sample {
        const char* file;
        const char* format;
    };
    for (const Sample& sample : std::vector<Sample>{{"disk.lz4", "raw+lz4"},
                                                    {"disk.lzma", "raw+lzma"},
                                                    {"disk.lz", "raw+lz"},
                                                    {"disk.lzo", "raw+lzo"},
                                                    {"disk.Z", "raw+Z"},
                                                    {"d.lz4", "vmdk+lz4"}}) {
        INFO(sample.file);
        const StoredImage stored = world.import(world.path(sample.file));
        CHECK(stored.sourceFormat == sample.format);
        CHECK(stored.contentId == id);
    }
    world.store.remove(id);
    for (const char* name : {"disk.lz4", "disk.lzma", "disk.lz", "disk.lzo", "disk.Z"}) {
        INFO("cut off: " << name);
        const std::filesystem::path file = world.path(name);
        std::filesystem::resize_file(file, std::filesystem::file_size(file) - 300'000);
        CHECK(world.refusal(file).code == ErrorCode::ImageCorrupt);
    }
    world.shell("head -c 70000000 /dev/zero > z; lz4 -q z b.lz4; xz --format=lzma -0 -c z > b.lzma; lzip -0 "
                "-k z -o b.lz;"
                "lzop -q -o b.lzo z; compress -c z > b.Z; rm z");
    for (const char* name : {"b.lz4", "b.lzma", "b.lz", "b.lzo", "b.Z"}) {
        INFO("a bomb: " << name);
        CHECK(world.refusal(world.path(name)).code == ErrorCode::ImageTooLarge);
    }
}

TEST_CASE("a disk that was not closed cleanly is taken where its data is whole", "[images][import][unclosed]")
{
    StoreWorld world;
    const std::filesystem::path raw = makeDisk(world);
    world.shell(
        "qemu-img create -q -f qcow2 -o lazy_refcounts=on lazy.qcow2 \"$(stat -c %s disk.raw)\";"
        "qemu-img create -q -f qcow2 plain.qcow2 32M; qemu-img convert -q -f raw -O vmdk disk.raw open.vmdk;"
        "ulimit -c 0; for i in lazy plain; do qemu-io -f qcow2 -c 'write -P 7 0 200k' -c flush -c abort "
        "$i.qcow2 || true; done;"
        "qemu-img convert -f qcow2 -O raw lazy.qcow2 lazy.raw; qemu-img convert -f qcow2 -O raw plain.qcow2 "
        "plain.raw; cp lazy.qcow2 doubtful.qcow2; cp lazy.qcow2 corrupt.qcow2; cp plain.qcow2 counts.qcow2");
    REQUIRE(platform::readFile(world.path("lazy.qcow2"), kMiB)[79] == 1); // the dirty bit
    const StoredImage stored = world.import(world.path("lazy.qcow2"));
    CHECK(world.restoresTo(stored, world.path("lazy.raw")));
    CHECK_THAT(stored.description.text, Contains("not closed cleanly"));
    CHECK(world.restoresTo(world.import(world.path("plain.qcow2")), world.path("plain.raw")));
    patch(world.path("open.vmdk"), 72, std::string(1, '\1')); // uncleanShutdown
    CHECK(world.restoresTo(world.import(world.path("open.vmdk")), raw));

    const std::string bytes = platform::readFile(world.path("doubtful.qcow2"), 4 * kMiB);
    const auto at = [&](std::uint64_t offset) {
        return text::bigEndian<std::uint64_t>(std::as_bytes(std::span(bytes)), offset) & 0x00fffffffffffe00U;
    };
    const std::uint64_t table = at(at(40));
    patch(world.path("doubtful.qcow2"), table + 8,
          bytes.substr(table, 8)); // two clusters of the disk share their data
    patch(world.path("corrupt.qcow2"), 79, std::string(1, '\3'));
    patch(world.path("counts.qcow2"), at(at(48)), std::string(64, '\0'));
    for (const char* name : {"doubtful.qcow2", "corrupt.qcow2", "counts.qcow2"}) {
        INFO(name);
        const Failure failure = failureOf([&] { world.import(world.path(name)); });
        CHECK(failure.code == ErrorCode::ImageCorrupt);
        CHECK_THAT(failure.hint, Contains("qemu-img check -r all"));
    }
}

TEST_CASE("a vmdk that needs other files is refused", "[images][refusal]")
{
    StoreWorld world;
    makeDisk(world);
    SECTION("a descriptor of flat extents")
    {
        world.shell("qemu-img convert -q -f raw -O vmdk -o subformat=monolithicFlat disk.raw x.vmdk");
        const Failure failure = world.refusal(world.path("x.vmdk"));
        CHECK(failure.code == ErrorCode::ImageUnsupported);
        CHECK_THAT(failure.message, Contains("other files"));
        CHECK_THAT(failure.hint, Contains("one file"));
    }
    SECTION("a parent")
    {
        world.shell("qemu-img convert -q -f raw -O vmdk disk.raw base.vmdk; qemu-img create -q -f vmdk -b "
                    "base.vmdk -F vmdk x.vmdk");
        const Failure failure = world.refusal(world.path("x.vmdk"));
        CHECK(failure.code == ErrorCode::ImageUnsupported);
        CHECK_THAT(failure.message, Contains("parent"));
    }
    world.shell("qemu-img convert -q -f raw -O vmdk disk.raw x.vmdk");
    SECTION("an embedded descriptor in place of data")
    {
        patch(world.path("x.vmdk"), 12, littleEndian(0, 8));
        patch(world.path("x.vmdk"), 512,
              "# Disk DescriptorFile\ncreateType=\"monolithicFlat\"\nRW 14339 FLAT \"/etc/passwd\" 0\n");
        const Failure failure = world.refusal(world.path("x.vmdk"));
        CHECK(failure.code == ErrorCode::ImageUnsupported);
        CHECK_THAT(failure.message, Contains("descriptor of other files"));
    }
    SECTION("a flat descriptor beside a sparse header")
    {
        patch(world.path("x.vmdk"), 512, "# Disk DescriptorFile\nRW 14339 FLAT \"/etc/passwd\" 0\n");
        CHECK_THAT(world.refusal(world.path("x.vmdk")).message, Contains("other files"));
    }
    SECTION("a parent in the sectors that only qemu reads")
    {
        patch(world.path("x.vmdk"), 28, littleEndian(0, 8)); // without a descriptor according to the header
        patch(world.path("x.vmdk"), 36, littleEndian(0, 8));
        patch(world.path("x.vmdk"), 512, "parentFileNameHint=\"/etc/passwd\"\n");
        CHECK_THAT(world.refusal(world.path("x.vmdk")).message, Contains("parent"));
    }
}

TEST_CASE("a vhd or vhdx that needs its parent is refused", "[images][refusal]")
{
    StoreWorld world;
    makeDisk(world);
    makeAll(world);
    SECTION("a vhd of type differencing")
    {
        const std::filesystem::path file = world.path("dynamic.vhd");
        patch(file, 60, bigEndian(4, 4));
        sum(file, 0, 512, 64);
        CHECK_THAT(world.refusal(file).message, Contains("differencing"));
    }
    SECTION("a vhdx whose file parameters say so")
    {
        const std::filesystem::path file = world.path("dynamic.vhdx");
        const std::string all = platform::readFile(file, 64 * kMiB);
        const std::size_t entry = all.find("\x37\x67\xa1\xca\x36\xfa\x43\x4d");
        REQUIRE(entry != std::string::npos);
        const std::size_t region = all.find("metadata");
        std::uint32_t offset = 0;
        std::memcpy(&offset, all.data() + entry + 16, 4);
        patch(file, region + offset + 4, littleEndian(2, 4));
        CHECK_THAT(world.refusal(file).message, Contains("differencing"));
    }
    SECTION("a vhdx with an unreplayed log")
    {
        CHECK_THAT(failureOf([&] {
                       std::string all = platform::readFile(world.path("dynamic.vhdx"), 64 * kMiB);
                       all.replace(64 * 1024, 4096, std::string(4096, '\0'));
                       all.replace(128 * 1024, 4096, std::string(4096, '\0'));
                       world.write("x", all);
                       world.import(world.path("x"));
                   }).message,
                   Contains("headers"));
    }
}

TEST_CASE("sizes in foreign headers are checked", "[images][refusal]")
{
    StoreWorld world; // with a limit of 64 MiB
    makeDisk(world);
    makeAll(world);
    SECTION("a size above the limit")
    {
        world.shell("qemu-img create -q -f vmdk big.vmdk 1T; qemu-img create -q -f vhdx big.vhdx 1T;"
                    "qemu-img create -q -f vpc big.vhd 1T; gzip -k big.vmdk");
        for (const char* name : {"big.vmdk", "big.vhdx", "big.vhd", "big.vmdk.gz"}) {
            INFO(name);
            CHECK(world.refusal(world.path(name)).code == ErrorCode::ImageTooLarge);
        }
    }
    SECTION("a vmdk with capacity 2^64-1, or with invalid grain sizes")
    {
        const std::string good = platform::readFile(world.path("sparse.vmdk"));
        const auto with = [&](std::size_t at, std::uint64_t value, std::size_t bytes) {
            std::string bad = good;
            bad.replace(at, bytes, littleEndian(value, bytes));
            world.write("x", bad);
            return world.refusal(world.path("x")).code;
        };
        CHECK(with(12, ~std::uint64_t{0}, 8) == ErrorCode::ImageTooLarge);
        CHECK(with(20, 0, 8) == ErrorCode::ImageCorrupt);
        CHECK(with(20, std::uint64_t{1} << 62U, 8) == ErrorCode::ImageCorrupt);
        CHECK(with(44, 0, 4) == ErrorCode::ImageCorrupt);
        CHECK(with(44, 0xffffffff, 4) == ErrorCode::ImageCorrupt);
        CHECK(with(56, std::uint64_t{1} << 60U, 8) == ErrorCode::ImageCorrupt);
        CHECK(with(4, 9, 4) == ErrorCode::ImageUnsupported);
        CHECK(with(8, 0x80, 4) == ErrorCode::ImageUnsupported);
    }
    SECTION("a fixed vhd whose footer has another size or a wrong checksum")
    {
        const std::filesystem::path file = world.path("fixed.vhd");
        const std::uint64_t footer = std::filesystem::file_size(file) - 512;
        patch(file, footer + 48, bigEndian(footer + 512, 8));
        CHECK_THAT(world.refusal(file).message, Contains("checksum"));
        sum(file, footer, 512, 64);
        CHECK_THAT(world.refusal(file).message, Contains("the file has"));
    }
    SECTION("a dynamic vhd with fewer blocks than its size needs")
    {
        const std::filesystem::path file = world.path("dynamic.vhd");
        patch(file, 512 + 28, bigEndian(1, 4));
        CHECK_THAT(world.refusal(file).message, Contains("checksum"));
        sum(file, 512, 1024, 36);
        CHECK(world.refusal(file).code == ErrorCode::ImageCorrupt);
    }
}

TEST_CASE("a truncated vmdk, vhd or vhdx is refused", "[images][refusal]")
{
    StoreWorld world;
    makeDisk(world);
    makeAll(world);
    for (const Written& written : kAll)
        for (const std::uint64_t left :
             {512U, 1024U, 70'000U, 300'000U, 1'500'000U}) { // shorter at each turn
            INFO(written.file << " without its last " << left << " bytes and those of the turns before");
            const std::filesystem::path file = world.path(written.file);
            if (std::filesystem::file_size(file) <= left)
                continue;
            std::filesystem::resize_file(file, std::filesystem::file_size(file) - left);
            try { // removing only padding after the disk's end leaves the image complete
                const StoredImage stored = world.import(file);
                CHECK(world.restoresTo(stored, world.path("disk.raw")));
                world.store.remove(stored.contentId);
            } catch (const model::Error& failure) {
                CHECK(failure.code() == ErrorCode::ImageCorrupt);
            }
        }
}

TEST_CASE("noise in foreign headers does no harm", "[images][formats]")
{
    StoreWorld world;
    makeDisk(world);
    makeAll(world);
    std::mt19937 random(7);
    const std::vector<std::pair<const char*, DiskFormat>> given{{"sparse.vmdk", DiskFormat::Vmdk},
                                                                {"stream.vmdk", DiskFormat::Vmdk},
                                                                {"dynamic.vhd", DiskFormat::Vhd},
                                                                {"dynamic.vhdx", DiskFormat::Vhdx}};
    for (const auto& [name, format] : given) {
        std::string good = platform::readFile(world.path(name), 64 * kMiB);
        for (int round = 0; round < 300; ++round) {
            std::string changed; // the original bytes
            const std::size_t at = random() % 2 == 0 ? random() % 1536 : random() % good.size();
            changed = good.substr(at, 4);
            for (std::size_t i = 0; i < changed.size(); ++i)
                good[at + i] = static_cast<char>(random());
            try {
                const images::InspectedDisk disk = images::inspectDisk(
                    format, images::MemorySource(std::as_bytes(std::span(good))), 64 * kMiB);
                CHECK(disk.sizeBytes <= 64 * kMiB);
            } catch (const model::Error&) {
                static_cast<void>(0);
            }
            good.replace(at, changed.size(), changed);
        }
    }
}

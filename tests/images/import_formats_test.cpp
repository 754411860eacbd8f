#include "tests/images/store_world.h"

#include "common/text/text.h"
#include "images/base/gunzip.h"
#include "images/blocks/digest.h"
#include "images/blocks/manifest.h"

#include <array>

using namespace bm;
using namespace bm::images::testing;
using images::StoredImage;

TEST_CASE("every format and compression restores to the same bytes", "[images][import]")
{
    StoreWorld world;
    const std::filesystem::path raw = makeDisk(world);
    world.shell(
        "qemu-img convert -q -f raw -O qcow2 disk.raw disk.qcow2;"
        "qemu-img convert -q -f raw -O qcow2 -c disk.raw small.qcow2;"
        "qemu-img convert -q -f raw -O qcow2 -c -o compression_type=zstd disk.raw zstd.qcow2;"
        "qemu-img convert -q -f raw -O qcow2 -o compat=0.10 disk.raw old.qcow2;"
        "qemu-img convert -q -f raw -O qcow2 -o extended_l2=on,cluster_size=128k disk.raw extended.qcow2;"
        "for i in raw qcow2; do gzip -k disk.$i; xz -1 -k disk.$i; bzip2 -k disk.$i; zstd -q -k disk.$i; "
        "done");
    const std::string id = world.import(raw).contentId;

    struct Sample {
        const char* file;
        const char* format;
    };
    const std::vector<Sample> all{{"disk.raw", "raw"},
                                  {"disk.raw.gz", "raw+gz"},
                                  {"disk.raw.xz", "raw+xz"},
                                  {"disk.raw.bz2", "raw+bz2"},
                                  {"disk.raw.zst", "raw+zst"},
                                  {"disk.qcow2", "qcow2"},
                                  {"small.qcow2", "qcow2"},
                                  {"zstd.qcow2", "qcow2"},
                                  {"old.qcow2", "qcow2"},
                                  {"extended.qcow2", "qcow2"},
                                  {"disk.qcow2.gz", "qcow2+gz"},
                                  {"disk.qcow2.xz", "qcow2+xz"},
                                  {"disk.qcow2.bz2", "qcow2+bz2"},
                                  {"disk.qcow2.zst", "qcow2+zst"}};
    for (const Sample& sample : all) {
        INFO(sample.file);
        world.store.remove(id); // so that the next import writes it again
        const StoredImage stored = world.import(world.path(sample.file));
        CHECK(stored.sourceFormat == sample.format);
        CHECK(stored.contentId == id);
        CHECK(stored.sizeBytes == std::filesystem::file_size(raw));
        CHECK(stored.dataBytes <= 5 * kMiB);
        CHECK(stored.storedBytes == std::filesystem::file_size(world.store.blocksFile(id)));
        CHECK(world.restoresTo(stored, raw));
        CHECK(world.filesIn("store/incoming") == 0);

        const std::string manifest = platform::readFile(world.store.manifestFile(id));
        CHECK(text::toHex(images::sha256(std::as_bytes(std::span(manifest)))) == stored.manifestSha256);
        CHECK(images::parseManifest(std::as_bytes(std::span(manifest))).contentId() == id);
    }
}

TEST_CASE("a gzip file that cannot be read to its end is refused", "[images][import][trailing]")
{
    constexpr std::array<unsigned char, 20> kEmptyMember{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3, 3};
    bool first = true;
    const auto read = [&](std::span<unsigned char> room) -> std::ptrdiff_t {
        if (!std::exchange(first, false))
            return -1;
        std::ranges::copy(kEmptyMember, room.begin());
        return std::ssize(kEmptyMember);
    };
    const auto write = [](std::span<const unsigned char>) { return true; };
    CHECK(images::gunzip(read, write).failure == "reading failed");
}

TEST_CASE("bytes behind the end of the compressed data", "[images][import][trailing]")
{
    StoreWorld world;
    world.shell("(printf '\\1'; seq 60000) | head -c 307200 > small.raw; for p in gzip:gz bzip2:bz2 lzip:lz "
                "lz4:lz4 xz:xz zstd:zst; do"
                "  ${p%:*} -c small.raw 2>/dev/null > d.${p#*:};"
                "  (cat d.${p#*:}; head -c 1000 /dev/zero) > zeros.${p#*:};"
                "  (cat d.${p#*:}; printf '{\"metadata\": 1}FWx0') > other.${p#*:}; done;"
                "(gzip -c small.raw; head -c 500 /dev/zero; printf 'FWx0') > both.gz;"
                "(head -c 100000 small.raw | gzip; head -c 99 /dev/zero; tail -c +100001 small.raw | "
                "gzip) > in.gz;"
                "(cat d.gz; yes | head -c 1100000) > much.gz; (cat d.gz; printf '\\037') > cut.gz;"
                "(cat d.zst; printf '\\x50\\x2a\\x4d\\x18\\x04\\0\\0\\0abcd') > skip.zst");
    const auto note = [&](const char* name) {
        INFO(name);
        const StoredImage stored = world.import(world.path(name));
        CHECK(world.restoresTo(stored, world.path("small.raw")));
        return stored.description.text;
    };
    const auto ignored = [](std::size_t count) {
        return R"({"notes":["ignored )" + std::to_string(count) +
               R"( bytes behind the end of the compressed data"]})";
    };
    CHECK(note("zeros.gz") == ignored(1000));
    CHECK(note("other.gz") == ignored(19));
    CHECK(note("both.gz") == ignored(504));
    CHECK(note("zeros.xz") == ignored(1000));
    for (const char* name : {"in.gz", "zeros.bz2", "other.bz2", "zeros.lz", "other.lz", "zeros.lz4",
                             "other.lz4", "skip.zst", "d.xz"})
        CHECK(note(name) == "{}");
    const auto refused = [&](const char* name, const char* words) {
        INFO(name);
        CHECK_THROWS_WITH(world.import(world.path(name)), Catch::Contains(words));
    };
    refused("much.gz", "more than 1 MiB");
    refused("cut.gz", "truncated");
    refused("other.xz", "damaged");
    refused("zeros.zst", "ends with 1000 zero bytes");
    refused("other.zst", "damaged");
}

TEST_CASE("an import does not change its source", "[images][import]")
{
    StoreWorld world;
    const std::filesystem::path raw = makeDisk(world);

    SECTION("the file name does not determine the format")
    {
        world.shell("qemu-img convert -q -f raw -O qcow2 disk.raw liar.raw; gzip -c liar.raw > liar.txt");
        CHECK(world.import(world.path("liar.raw")).sourceFormat == "qcow2");
        CHECK(world.import(world.path("liar.txt")).sourceFormat == "qcow2+gz");
        CHECK(std::filesystem::exists(world.path("liar.raw")));
    }
    SECTION("a qcow2 with odd names and options is one argument")
    {
        const std::filesystem::path odd = world.path("nbd:a,b=c 'x.qcow2");
        world.run({"/usr/bin/qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw.string(),
                   world.path("a.qcow2").string()});
        std::filesystem::rename(world.path("a.qcow2"), odd);
        CHECK(world.restoresTo(world.import(odd), raw));
    }
    SECTION("concatenated members and frames form one image")
    {
        world.shell("head -c 3000000 disk.raw > a; tail -c +3000001 disk.raw > b;"
                    "(gzip -c a; gzip -c b) > two.gz; (xz -0 -c a; xz -0 -c b) > two.xz;"
                    "(bzip2 -c a; bzip2 -c b) > two.bz2; (zstd -q -c a; zstd -q -c b) > two.zst");
        for (const char* name : {"two.gz", "two.xz", "two.bz2", "two.zst"}) {
            INFO(name);
            CHECK(world.restoresTo(world.import(world.path(name)), raw));
        }
    }
    SECTION("progress goes from inspecting to syncing and counts the source's bytes")
    {
        std::vector<std::string> phases;
        std::uint64_t done = 0;
        world.store.import(
            {.file = raw, .expectedChecksum = {}},
            [&](const images::ImportProgress& progress) {
                if (phases.empty() || phases.back() != progress.phase)
                    phases.push_back(progress.phase);
                CHECK(progress.sourceBytes <= progress.sourceTotal);
                done = std::max(done, progress.sourceBytes);
            },
            soon());
        CHECK(phases == std::vector<std::string>{"inspecting", "compressing", "syncing"});
        CHECK(done == std::filesystem::file_size(raw));
    }
    SECTION("a matching checksum is accepted in either case")
    {
        const std::string sha256 = world.run({"/usr/bin/sha256sum", raw.string()}).substr(0, 64);
        std::string sha512 = world.run({"/usr/bin/sha512sum", raw.string()}).substr(0, 128);
        for (char& c : sha512)
            c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        CHECK(world.import(raw, "sha256:" + sha256).contentId ==
              world.import(raw, "sha512:" + sha512).contentId);
    }
    SECTION("an image of a bare file system is raw")
    {
        world.shell("truncate -s 8M fs.raw; mke2fs -q -F fs.raw");
        CHECK(world.restoresTo(world.import(world.path("fs.raw")), world.path("fs.raw")));
    }
    SECTION("an empty qcow2 is a disk of zeros")
    {
        world.run(
            {"/usr/bin/qemu-img", "create", "-q", "-f", "qcow2", world.path("e.qcow2").string(), "32M"});
        const StoredImage stored = world.import(world.path("e.qcow2"));
        CHECK(stored.sizeBytes == 32 * kMiB);
        CHECK(stored.dataBytes == 0);
    }
}

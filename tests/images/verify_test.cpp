#include "tests/images/store_world.h"

#include "images/blocks/manifest.h"

using namespace bm;
using namespace bm::images::testing;
using Catch::Matchers::Contains;
using images::StoredImage;
using model::ErrorCode;

namespace {

void flip(const std::filesystem::path& file, std::uint64_t at)
{
    std::string bytes = platform::readFile(file);
    bytes.at(at) = static_cast<char>(bytes.at(at) ^ 1);
    std::ofstream(file, std::ios::binary) << bytes;
}

} // namespace

TEST_CASE("verify() reads every byte of an image", "[images][verify]")
{
    StoreWorld world;
    const StoredImage stored = world.import(makeDisk(world));
    const std::filesystem::path blocks = world.store.blocksFile(stored.contentId);
    const auto verify = [&] { world.store.verify(stored.contentId, stored.manifestSha256, {}, soon()); };
    std::uint64_t done = 0;
    world.store.verify(
        stored.contentId, stored.manifestSha256,
        [&](std::uint64_t now, std::uint64_t total) {
            CHECK(now <= total);
            done = now;
        },
        soon());
    CHECK(done == stored.sizeBytes);

    SECTION("a flipped bit in a frame")
    {
        flip(blocks, stored.storedBytes / 2);
        const Failure failure = failureOf(verify);
        CHECK((failure.code == ErrorCode::ChecksumMismatch || failure.code == ErrorCode::ImageCorrupt));
        CHECK_THAT(failure.message, Contains("1 of 7 blocks") || Contains("1 of 8 blocks"));
    }
    SECTION("a changed manifest")
    {
        flip(world.store.manifestFile(stored.contentId), 60);
        CHECK(failureOf(verify).code == ErrorCode::ChecksumMismatch);
    }
    SECTION("a truncated block file")
    {
        std::filesystem::resize_file(blocks, stored.storedBytes - 10);
        CHECK(failureOf(verify).code == ErrorCode::ImageCorrupt);
    }
    SECTION("missing objects")
    {
        world.store.remove(stored.contentId);
        CHECK(failureOf(verify).code == ErrorCode::NotFound);
    }
    SECTION("after markDamaged() the next import replaces it")
    {
        flip(blocks, stored.storedBytes / 2);
        world.store.markDamaged(stored.contentId);
        CHECK(world.store.contents().empty());
        CHECK(world.import(world.path("disk.raw")).contentId == stored.contentId);
        verify();
    }
}

TEST_CASE("adopt() takes an image from another store", "[images][adopt]")
{
    StoreWorld world;
    StoreWorld other;
    const StoredImage there = other.import(makeDisk(other));
    const std::string manifest = platform::readFile(other.store.manifestFile(there.contentId));
    const std::filesystem::path blocks = world.store.incomingFolder() / "x.download";
    std::filesystem::copy_file(other.store.blocksFile(there.contentId), blocks);
    const auto adopt = [&] { return world.store.adopt(blocks, manifest, {}, soon()); };

    SECTION("with the same content id")
    {
        const StoredImage here = adopt();
        CHECK(here.contentId == there.contentId);
        CHECK(here.manifestSha256 == there.manifestSha256);
        CHECK(world.restoresTo(here, other.path("disk.raw")));
    }
    SECTION("a wrong byte is refused")
    {
        flip(blocks, there.storedBytes / 2);
        const Failure failure = failureOf([&] { adopt(); });
        CHECK((failure.code == ErrorCode::ChecksumMismatch || failure.code == ErrorCode::ImageCorrupt));
        CHECK(world.filesIn("store/objects") == 0);
    }
    SECTION("truncated blocks are refused")
    {
        std::filesystem::resize_file(blocks, there.storedBytes - 1);
        CHECK(failureOf([&] { adopt(); }).code == ErrorCode::ImageCorrupt);
    }
    SECTION("an image above the limit is refused")
    {
        images::StoreSettings small = world.settings;
        small.maxImageBytes = kMiB;
        images::ImageStore store(small, *world.exec);
        CHECK(failureOf([&] { store.adopt(blocks, manifest, {}, soon()); }).code == ErrorCode::ImageTooLarge);
    }
}

TEST_CASE("collect() keeps an image while its import holds it", "[images][store]")
{
    StoreWorld world;
    {
        const StoredImage held = world.import(makeDisk(world));
        CHECK_FALSE(world.store.collect(held.contentId));
        CHECK(world.store.contents() == std::vector<std::string>{held.contentId});
    }
    CHECK(world.store.collect(world.store.contents().front()));
    CHECK(world.store.contents().empty());
}

TEST_CASE("a sweep keeps the files of imports that resume", "[images][store]")
{
    StoreWorld world;
    world.write("store/incoming/one.download", "x");
    world.write("store/incoming/one.download.version", "x");
    world.write("store/incoming/two.download", "x");
    world.store.sweep({"one.download"});
    CHECK(world.filesIn("store/incoming") == 2);
    CHECK(std::filesystem::exists(world.path("store/incoming/one.download")));
}

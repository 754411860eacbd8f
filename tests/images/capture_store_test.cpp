// Captures arrive block by block; zstd makes the frames.
#include "images/blocks/block_record.h"
#include "images/blocks/block_writer.h"
#include "images/store/capture_store.h"
#include "tests/images/store_world.h"

#include <sstream>

using namespace bm;
using namespace bm::images::testing;
using images::BlockRecord;
using images::CaptureState;
using model::ErrorCode;

namespace {

const std::string kId = "6e1f4a7e-0000-4000-8000-000000000001";

std::string recordOf(const BlockRecord& head, std::span<const std::byte> frame)
{
    const auto bytes = images::toBytes(head);
    std::string out(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (!head.hole)
        out.append(reinterpret_cast<const char*>(frame.data()), frame.size());
    return out;
}

/// A disk of 3.5 MiB: noise, a hole, noise, a short tail of zeros. One record per block.
struct Records {
    Records()
    {
        images::BlockWriter writer(
            [&](const images::BlockEntry& entry, std::span<const std::byte> frame) {
                records.push_back(recordOf({entry.sha256, entry.hole ? 0 : entry.length, entry.hole}, frame));
            },
            {.threads = 1});
        writer.write(std::as_bytes(std::span(first)));
        writer.skip(kMiB);
        writer.write(std::as_bytes(std::span(third)));
        writer.skip(kMiB / 2);
        writer.finish();
    }
    std::string first = noise(kMiB, 1);
    std::string third = noise(kMiB, 2);
    std::uint64_t size = 3 * kMiB + kMiB / 2;
    std::vector<std::string> records;
};

CaptureState send(StoreWorld& world, std::uint64_t firstBlock, const std::string& bytes)
{
    std::istringstream body(bytes);
    return world.store.captures().append(kId, firstBlock, body);
}

} // namespace

TEST_CASE("a capture arrives block by block and becomes an image", "[images][capture]")
{
    StoreWorld world;
    const Records disk;
    images::CaptureStore& captures = world.store.captures();
    REQUIRE(disk.records.size() == 4);
    CHECK(captures.open(kId, disk.size).blocks == 0);
    CHECK(send(world, 0, disk.records[0] + disk.records[1]).blocks == 2);
    CHECK(failureOf([&] { captures.finish(kId); }).code == ErrorCode::Conflict);
    CHECK(captures.open(kId, disk.size).blocks == 2);
    CHECK(send(world, 2, disk.records[2] + disk.records[3]).blocks == 4);
    const images::StoredImage stored = world.store.adoptCapture(kId, soon());
    CHECK(stored.sizeBytes == disk.size);
    world.write("expected", disk.first + std::string(kMiB, '\0') + disk.third + std::string(kMiB / 2, '\0'));
    CHECK(world.restoresTo(stored, world.path("expected")));
    world.store.verify(stored.contentId, stored.manifestSha256, {}, soon());
    CHECK(world.import(world.path("expected")).contentId == stored.contentId);
    captures.drop(kId);
    CHECK(world.filesIn("store/captures") == 0);
}

TEST_CASE("a capture resumes after a restart", "[images][capture]")
{
    StoreWorld world;
    const Records disk;
    world.store.captures().open(kId, disk.size);
    send(world, 0, disk.records[0] + disk.records[1] + disk.records[2]);
    SECTION("whole")
    {
        images::CaptureStore after(world.settings);
        CHECK(after.open(kId, disk.size).blocks == 3);
    }
    SECTION("after a partial block")
    {
        const std::filesystem::path frames = world.path("store/captures/" + kId + "/blocks.zst");
        std::filesystem::resize_file(frames, std::filesystem::file_size(frames) - 7);
        images::CaptureStore after(world.settings);
        CHECK(after.open(kId, disk.size).blocks == 2);
    }
    SECTION("before a block that the disk damaged")
    {
        std::fstream file(world.path("store/captures/" + kId + "/blocks.zst"),
                          std::ios::binary | std::ios::in | std::ios::out);
        file.seekp(100);
        file.put('\x42');
        file.close();
        images::CaptureStore after(world.settings);
        CHECK(after.open(kId, disk.size).blocks == 0);
    }
    SECTION("at block 0 when the size differs")
    {
        images::CaptureStore after(world.settings);
        CHECK(after.open(kId, disk.size + kMiB).blocks == 0);
    }
    SECTION("not after keepOnly() deleted it")
    {
        images::CaptureStore after(world.settings);
        after.keepOnly({});
        CHECK(world.filesIn("store/captures") == 0);
    }
}

TEST_CASE("a wrong block is refused, earlier blocks remain", "[images][capture]")
{
    StoreWorld world;
    const Records disk;
    images::CaptureStore& captures = world.store.captures();
    captures.open(kId, disk.size);
    const auto refused = [&](std::uint64_t first, const std::string& bytes) {
        return failureOf([&] { send(world, first, bytes); }).code;
    };
    std::string wrong = disk.records[0];
    wrong[3] = static_cast<char>(wrong[3] ^ 1); // in its hash
    CHECK(refused(0, wrong) == ErrorCode::ChecksumMismatch);
    CHECK(refused(1, disk.records[1]) == ErrorCode::Conflict);
    CHECK(refused(0, disk.records[0].substr(0, 20)) == ErrorCode::InvalidInput);
    CHECK(refused(0, disk.records[0].substr(0, 2000)) == ErrorCode::InvalidInput);
    std::string hole = disk.records[1];
    hole[0] = static_cast<char>(hole[0] ^ 1);
    CHECK(refused(0, hole) == ErrorCode::ChecksumMismatch);
    std::string flags = disk.records[0];
    flags[36] = '\x08';
    CHECK(refused(0, flags) == ErrorCode::InvalidInput);
    CHECK(captures.open(kId, disk.size).blocks == 0);
    CHECK(refused(0, disk.records[0] + disk.records[1] + wrong) == ErrorCode::ChecksumMismatch);
    CHECK(captures.open(kId, disk.size).blocks == 2);
    CHECK(refused(2, disk.records[2] + disk.records[3] + disk.records[1]) == ErrorCode::InvalidInput);
    CHECK(failureOf([&] { captures.open("../../etc", kMiB); }).code == ErrorCode::InvalidInput);
    CHECK(failureOf([&] { captures.open(kId, world.settings.maxImageBytes + 1); }).code ==
          ErrorCode::ImageTooLarge);
    CHECK(failureOf([&] { captures.open(kId, 0); }).code == ErrorCode::ImageTooLarge);
    std::istringstream body(disk.records[0]);
    CHECK(failureOf([&] { captures.append("6e1f4a7e-0000-4000-8000-000000000002", 0, body); }).code ==
          ErrorCode::NotFound);
}

TEST_CASE("a full store refuses a capture", "[images][capture]")
{
    StoreWorld world;
    const Records disk;
    world.store.captures().open(kId, disk.size);
    world.settings.reserveBytes = std::uint64_t{1} << 60U;
    images::CaptureStore full(world.settings);
    CHECK(failureOf([&] { full.open("6e1f4a7e-0000-4000-8000-000000000002", disk.size); }).code ==
          ErrorCode::StoreFull);
    std::istringstream body(disk.records[0]);
    CHECK(failureOf([&] { full.append(kId, 0, body); }).code == ErrorCode::StoreFull);
}

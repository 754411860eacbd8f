#include "agent/copy/delta_choice.h"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace bm;
using agent::chooseDelta;

namespace {

constexpr double kMb = 1e6;

images::Manifest imageOf(std::size_t blocks, std::size_t everyHole)
{
    images::Manifest manifest;
    manifest.sizeBytes = blocks * images::kBlockBytes;
    manifest.blocks.resize(blocks);
    for (std::size_t i = 0; i < blocks; i += everyHole)
        manifest.blocks[i].hole = true;
    return manifest;
}

} // namespace

TEST_CASE("the agent compares with the disk where that ends sooner", "[agent][delta]")
{
    SECTION("the disk has no block of the image")
    {
        CHECK_FALSE(chooseDelta({16, 0, 500 * kMb}, 0).onlyDiffering);
        CHECK_FALSE(chooseDelta({0, 0, 0}, 0).onlyDiffering);
    }
    SECTION("the disk has most blocks, and hashing is faster than the link")
    {
        const agent::DeltaChoice choice = chooseDelta({16, 15, 500 * kMb}, 100 * kMb);
        CHECK(choice.onlyDiffering);
        CHECK(choice.why ==
              "15 of 16 sampled blocks are on the disk; hashing runs at 500 MB/s, copying at 100 MB/s");
    }
    SECTION("the disk has most blocks, but reads more slowly than the link")
    {
        CHECK_FALSE(chooseDelta({16, 15, 90 * kMb}, 100 * kMb).onlyDiffering);
    }
    SECTION("the disk has few blocks: hashing costs more than it saves")
    {
        CHECK_FALSE(chooseDelta({16, 1, 500 * kMb}, 100 * kMb).onlyDiffering);
    }
    SECTION("without a measurement of copying, one equal block suffices")
    {
        CHECK(chooseDelta({16, 1, 500 * kMb}, 0).onlyDiffering);
    }
}

TEST_CASE("copying is measured by a small share of the image", "[agent][delta]")
{
    CHECK(agent::trialBlocks(imageOf(64, 64)).empty());
    const std::vector<std::size_t> some = agent::trialBlocks(imageOf(320, 2));
    CHECK(some.size() == 5); // a thirty-second of 160 that are no holes
    CHECK(std::ranges::none_of(some, [](std::size_t block) { return block == 0 || block % 2 == 0; }));
    CHECK(agent::trialBlocks(imageOf(16384, 16384)).size() == 32);
}

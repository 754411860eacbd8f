#include "common/text/text.h"
#include "images/blocks/block_record.h"
#include "images/blocks/digest.h"
#include "images/blocks/merkle.h"

#include "common/model/error.h"

#include <catch2/catch.hpp>

using namespace bm;
using images::Sha256;

namespace {

Sha256 hashOf(std::initializer_list<std::span<const std::byte>> parts)
{
    std::vector<std::byte> all;
    for (const auto& part : parts)
        all.insert(all.end(), part.begin(), part.end());
    return images::sha256(all);
}

const std::byte kLeaf{0};
const std::byte kNode{1};
Sha256 leaf(const Sha256& block)
{
    return hashOf({{&kLeaf, 1}, std::as_bytes(std::span(block))});
}
Sha256 node(const Sha256& left, const Sha256& right)
{
    return hashOf({{&kNode, 1}, std::as_bytes(std::span(left)), std::as_bytes(std::span(right))});
}

images::Manifest blocks(std::size_t count)
{
    images::Manifest manifest;
    manifest.blocks.resize(count);
    for (std::size_t i = 0; i < count; ++i)
        manifest.blocks[i].sha256.fill(static_cast<std::remove_reference_t<decltype(Sha256{}[0])>>(i + 1));
    return manifest;
}

} // namespace

TEST_CASE("blocksRoot is the root of RFC 6962's tree", "[blocks][merkle]")
{
    const images::Manifest five = blocks(5);
    const auto at = [&](std::size_t i) { return leaf(five.blocks[i].sha256); };
    CHECK(text::toHex(images::blocksRoot(blocks(0))) ==
          "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(images::blocksRoot(blocks(1)) == at(0));
    CHECK(images::blocksRoot(blocks(3)) == node(node(at(0), at(1)), at(2)));
    CHECK(images::blocksRoot(five) == node(node(node(at(0), at(1)), node(at(2), at(3))), at(4)));
    images::Manifest swapped = five;
    std::swap(swapped.blocks[1], swapped.blocks[2]);
    CHECK(images::blocksRoot(swapped) != images::blocksRoot(five));
}

TEST_CASE("a block record is checked", "[blocks][record]")
{
    images::BlockRecord record;
    record.sha256.fill({});
    record.frameBytes = 1234;
    auto bytes = images::toBytes(record);
    const images::BlockRecord again = images::blockRecordFrom(bytes);
    CHECK(again.frameBytes == 1234);
    CHECK_FALSE(again.hole);
    CHECK(bytes[32] == std::byte{0xd2}); // little endian
    SECTION("a hole with a frame")
    {
        bytes[36] = std::byte{1};
        CHECK_THROWS_AS(images::blockRecordFrom(bytes), model::Error);
    }
    SECTION("unknown flags")
    {
        bytes[36] = std::byte{2};
        CHECK_THROWS_AS(images::blockRecordFrom(bytes), model::Error);
    }
    SECTION("a frame longer than the limit")
    {
        bytes[35] = std::byte{1};
        CHECK_THROWS_AS(images::blockRecordFrom(bytes), model::Error);
    }
}

TEST_CASE("the frame of a zero block decodes to zeros", "[blocks][record]")
{
    const std::vector<std::byte> zeros(images::kBlockBytes);
    CHECK(images::zeroBlock(images::kBlockBytes).sha256 == images::sha256(zeros));
    CHECK(images::zeroBlock(images::kBlockBytes).frame.size() < 200);
}

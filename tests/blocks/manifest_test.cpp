#include "common/model/error.h"
#include "images/blocks/digest.h"
#include "images/blocks/manifest.h"

#include <catch2/catch.hpp>
#include <functional>
#include <random>

using namespace bm;
using images::BlockEntry;
using images::kBlockBytes;
using images::Manifest;

namespace {

Manifest threeBlocks()
{
    Manifest manifest;
    manifest.sizeBytes = 2 * kBlockBytes + 512;
    manifest.storedBytes = 700;
    manifest.blocks = {{images::Sha256{1}, 0, 300, false},
                       {images::Sha256{2}, 300, 300, false},
                       {images::Sha256{3}, 600, 100, false}};
    return manifest;
}

/// A manifest with a valid checksum over changed bytes.
std::string signedAgain(std::string text)
{
    text.resize(text.size() - 32);
    const images::Sha256 trailer = images::sha256(std::as_bytes(std::span(text)));
    text.append(trailer.begin(), trailer.end());
    return text;
}

std::string refusal(const std::string& text)
{
    try {
        images::parseManifest(std::as_bytes(std::span(text)));
    } catch (const model::Error& error) {
        CHECK(error.code() == model::ErrorCode::ImageCorrupt);
        return error.message();
    }
    return "accepted";
}

std::string lie(const std::function<void(Manifest&)>& change)
{
    Manifest manifest = threeBlocks();
    change(manifest);
    return refusal(serialise(manifest));
}

} // namespace

TEST_CASE("a manifest survives being written and read", "[blocks][manifest]")
{
    const std::string text = serialise(threeBlocks());
    const Manifest read = images::parseManifest(std::as_bytes(std::span(text)));
    CHECK(text.substr(0, 8) == "BMMANIF1");
    CHECK(text.size() == 40 + 3 * 48 + 32);
    CHECK(serialise(read) == text);
    CHECK(read.contentId() == threeBlocks().contentId());
    CHECK(read.rawLength(2) == 512);
}

TEST_CASE("an inconsistent manifest is refused", "[blocks][manifest]")
{
    using Catch::Matchers::Contains;
    SECTION("a frame outside the file")
    {
        CHECK_THAT(lie([](Manifest& m) { m.storedBytes = 650; }), Contains("outside"));
    }
    SECTION("a file longer than its frames")
    {
        CHECK_THAT(lie([](Manifest& m) { m.storedBytes = 701; }), Contains("end at"));
    }
    SECTION("frames that overlap")
    {
        CHECK_THAT(lie([](Manifest& m) { m.blocks[1].offset = 299; }), Contains("expected at"));
    }
    SECTION("an offset that wraps around")
    {
        CHECK_THAT(lie([](Manifest& m) { m.blocks[2].offset = ~std::uint64_t{0} - 10; }),
                   Contains("expected at"));
    }
    SECTION("a frame larger than the limit")
    {
        CHECK_THAT(lie([](Manifest& m) { m.blocks[0].length = 0x7fffffff; }), Contains("frame of"));
    }
    SECTION("an empty frame")
    {
        CHECK_THAT(lie([](Manifest& m) { m.blocks[0].length = 0; }), Contains("frame of"));
    }
    SECTION("a hole whose hash is not that of zeros")
    {
        CHECK_THAT(lie([](Manifest& m) { m.blocks[1].hole = true; }), Contains("marked as a hole"));
    }
    SECTION("a count that does not fit the size")
    {
        std::string text = serialise(threeBlocks());
        text[32] = 4;
        CHECK_THAT(refusal(signedAgain(text)), Contains("cannot hold"));
    }
    SECTION("a count beyond the length of the text")
    {
        std::string text = serialise(threeBlocks());
        for (std::size_t i = 16; i < 24; ++i)
            text[i] = '\xff'; // raw size 2^64-1
        text.replace(32, 8, std::string("\x00\x00\x00\x00\x00\x10\x00\x00", 8));
        CHECK_THAT(refusal(signedAgain(text)), Contains("the header says"));
    }
    SECTION("another version")
    {
        std::string text = serialise(threeBlocks());
        text[8] = 2;
        CHECK_THAT(refusal(signedAgain(text)), Contains("version 2"));
    }
    SECTION("another block size")
    {
        std::string text = serialise(threeBlocks());
        text[12] = 1;
        CHECK_THAT(refusal(signedAgain(text)), Contains("blocks of"));
    }
    SECTION("unknown flags")
    {
        std::string text = serialise(threeBlocks());
        text[40 + 44] = 2;
        CHECK_THAT(refusal(signedAgain(text)), Contains("unknown flags"));
    }
    SECTION("a changed byte anywhere")
    {
        const std::string good = serialise(threeBlocks());
        for (std::size_t i = 0; i < good.size(); ++i) {
            std::string bad = good;
            bad[i] = static_cast<char>(bad[i] ^ 0x10);
            CHECK(refusal(bad) != "accepted");
        }
    }
    SECTION("a truncated manifest")
    {
        const std::string good = serialise(threeBlocks());
        for (std::size_t length = 0; length < good.size(); ++length)
            CHECK(refusal(good.substr(0, length)) != "accepted");
    }
    SECTION("noise")
    {
        std::mt19937 random(7);
        for (int round = 0; round < 2000; ++round) {
            std::string text = "BMMANIF1";
            while (text.size() < 8 + random() % 300)
                text += static_cast<char>(random());
            CHECK(refusal(signedAgain(text + std::string(32, ' '))) != "accepted");
        }
    }
}

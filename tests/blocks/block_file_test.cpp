#include "common/model/error.h"
#include "common/platform/files.h"
#include "common/text/text.h"
#include "images/blocks/block_decoder.h"
#include "images/blocks/block_writer.h"
#include "images/blocks/digest.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <fcntl.h>
#include <functional>
#include <random>
#include <sys/mman.h>
#include <unistd.h>

using namespace bm;
using images::kBlockBytes;

namespace {

std::vector<std::byte> noise(std::size_t count, unsigned seed)
{
    std::mt19937_64 random(seed);
    std::vector<std::byte> bytes(count);
    for (std::byte& byte : bytes)
        byte = static_cast<std::byte>(random() & 0x3fU); // compressible by a quarter
    return bytes;
}

std::string readAll(int fd)
{
    std::string text(static_cast<std::size_t>(::lseek(fd, 0, SEEK_END)), '\0');
    REQUIRE(::pread(fd, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
    return text;
}

/// A block file in memory.
struct BlockFile {
    platform::Fd fd{::memfd_create("blocks", MFD_CLOEXEC)};
    images::Manifest manifest;
    std::string stored;

    std::span<const std::byte> frame(std::size_t block) const
    {
        return std::as_bytes(std::span(stored))
            .subspan(manifest.blocks[block].offset, manifest.blocks[block].length);
    }
    std::vector<std::byte> restored() const
    {
        std::vector<std::byte> raw(manifest.sizeBytes);
        images::BlockDecoder decoder;
        for (std::size_t i = 0; i < manifest.blocks.size(); ++i)
            decoder.decode(manifest.blocks[i], frame(i),
                           std::span(raw).subspan(i * kBlockBytes, manifest.rawLength(i)));
        return raw;
    }
};

BlockFile written(std::span<const std::byte> raw, std::size_t piece, int threads = 3)
{
    BlockFile file;
    images::BlockWriter writer(file.fd.get(), {.compressionLevel = 1, .threads = threads});
    for (std::size_t at = 0; at < raw.size(); at += piece)
        writer.write(raw.subspan(at, std::min(piece, raw.size() - at)));
    file.manifest = writer.finish();
    file.stored = readAll(file.fd.get());
    return file;
}

model::ErrorCode codeOf(const std::function<void()>& act)
{
    try {
        act();
    } catch (const model::Error& error) {
        return error.code();
    }
    FAIL("nothing was thrown");
    return model::ErrorCode::Internal;
}

} // namespace

TEST_CASE("a block file restores what was written", "[blocks]")
{
    std::vector<std::byte> raw = noise(20 * kBlockBytes + 12345, 1);
    std::memset(raw.data() + 3 * kBlockBytes, 0, 2 * kBlockBytes);

    SECTION("from pieces of any size")
    {
        const BlockFile large = written(raw, raw.size());
        const BlockFile small = written(raw, 77777);
        CHECK(large.restored() == raw);
        CHECK(large.stored == small.stored);
        CHECK(large.manifest.contentId() == small.manifest.contentId());
    }
    SECTION("with one thread as with many")
    {
        CHECK(written(raw, kBlockBytes, 1).stored == written(raw, kBlockBytes, 8).stored);
    }
    SECTION("with its sizes and holes")
    {
        const BlockFile file = written(raw, kBlockBytes);
        CHECK(file.manifest.sizeBytes == raw.size());
        CHECK(file.manifest.storedBytes == file.stored.size());
        REQUIRE(file.manifest.blocks.size() == 21);
        CHECK(file.manifest.rawLength(20) == 12345);
        CHECK(file.manifest.blocks[3].hole);
        CHECK(file.manifest.blocks[4].hole);
        CHECK_FALSE(file.manifest.blocks[5].hole);
        CHECK(file.manifest.dataBytes() == raw.size() - 2 * kBlockBytes);
    }
    SECTION("with skipped ranges as with written zeros")
    {
        BlockFile file;
        images::BlockWriter writer(file.fd.get(), {.compressionLevel = 1, .threads = 2});
        const std::span<const std::byte> all(raw);
        writer.write(all.first(3 * kBlockBytes - 100));
        writer.write(all.subspan(3 * kBlockBytes - 100, 100));
        writer.skip(2 * kBlockBytes);
        writer.write(all.subspan(5 * kBlockBytes));
        file.manifest = writer.finish();
        CHECK(readAll(file.fd.get()) == written(raw, kBlockBytes).stored);
    }
    SECTION("when it is one hole with a partial last block")
    {
        BlockFile file;
        images::BlockWriter writer(file.fd.get(), {});
        writer.skip(300 * kBlockBytes + 512);
        file.manifest = writer.finish();
        file.stored = readAll(file.fd.get());
        CHECK(file.manifest.dataBytes() == 0);
        CHECK(file.stored.size() < 301 * 64);
        CHECK(file.restored() == std::vector<std::byte>(300 * kBlockBytes + 512));
        const std::string text = serialise(file.manifest);
        CHECK(images::parseManifest(std::as_bytes(std::span(text))).blocks.size() == 301);
    }
}

TEST_CASE("identical bytes have one content id", "[blocks]")
{
    const std::vector<std::byte> raw = noise(2 * kBlockBytes, 2);
    std::vector<std::byte> other = raw;
    other.back() ^= std::byte{1};
    const std::string id = written(raw, kBlockBytes).manifest.contentId();
    CHECK(id.size() == 64);
    CHECK(id != written(other, kBlockBytes).manifest.contentId());
    CHECK(id != written(std::span(raw).first(raw.size() - 1), kBlockBytes).manifest.contentId());
}

TEST_CASE("a decoder verifies every frame", "[blocks]")
{
    const BlockFile file = written(noise(2 * kBlockBytes + 100, 3), kBlockBytes);
    std::vector<std::byte> raw(kBlockBytes);
    images::BlockDecoder decoder;

    SECTION("the frame of another block is refused")
    {
        images::BlockEntry entry = file.manifest.blocks[0];
        entry.length = file.manifest.blocks[1].length;
        CHECK(codeOf([&] { decoder.decode(entry, file.frame(1), raw); }) ==
              model::ErrorCode::ChecksumMismatch);
    }
    SECTION("a flipped bit is detected")
    {
        std::vector<std::byte> frame(file.frame(0).begin(), file.frame(0).end());
        frame[frame.size() / 2] ^= std::byte{4};
        CHECK_THROWS_AS(decoder.decode(file.manifest.blocks[0], frame, raw), model::Error);
    }
    SECTION("a truncated frame is refused")
    {
        images::BlockEntry entry = file.manifest.blocks[0];
        entry.length -= 1;
        CHECK(codeOf([&] { decoder.decode(entry, file.frame(0).first(entry.length), raw); }) ==
              model::ErrorCode::ImageCorrupt);
    }
    SECTION("a frame that expands beyond its block writes nothing past the end")
    {
        std::vector<std::byte> guarded(kBlockBytes, std::byte{0x5a});
        const std::span<std::byte> small = std::span(guarded).first(1000);
        CHECK(codeOf([&] { decoder.decode(file.manifest.blocks[0], file.frame(0), small); }) ==
              model::ErrorCode::ImageCorrupt);
        CHECK(guarded[1000] == std::byte{0x5a});
    }
    SECTION("a frame that yields too few bytes is refused")
    {
        CHECK(codeOf([&] { decoder.decode(file.manifest.blocks[2], file.frame(2), raw); }) ==
              model::ErrorCode::ImageCorrupt);
    }
    SECTION("a length other than the manifest's is refused")
    {
        CHECK(codeOf([&] { decoder.decode(file.manifest.blocks[0], file.frame(0).first(10), raw); }) ==
              model::ErrorCode::ImageCorrupt);
    }
}

TEST_CASE("a writer reports a failed write", "[blocks]")
{
    SECTION("a full file system is StoreFull")
    {
        const platform::Fd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
        images::BlockWriter writer(full.get(), {});
        const std::vector<std::byte> raw = noise(4 * kBlockBytes, 4);
        CHECK(codeOf([&] {
                  writer.write(raw);
                  writer.finish();
              }) == model::ErrorCode::StoreFull);
    }
    SECTION("a writer destroyed before finish() ends its threads")
    {
        const platform::Fd fd(::memfd_create("blocks", MFD_CLOEXEC));
        images::BlockWriter writer(fd.get(), {.compressionLevel = 3, .threads = 4});
        writer.write(noise(9 * kBlockBytes, 5));
        CHECK(writer.rawBytes() == 9 * kBlockBytes);
    }
}

TEST_CASE("isAllZero finds nonzero bytes", "[blocks]")
{
    std::vector<std::byte> bytes(kBlockBytes);
    CHECK(images::isAllZero(bytes));
    CHECK(images::isAllZero(std::span(bytes).first(0)));
    for (const std::size_t at :
         {std::size_t{0}, std::size_t{15}, std::size_t{16}, std::size_t{4096}, kBlockBytes - 1}) {
        bytes[at] = std::byte{1};
        CHECK_FALSE(images::isAllZero(bytes));
        bytes[at] = std::byte{0};
    }
}

TEST_CASE("digests match the FIPS 180-2 examples", "[blocks]")
{
    const std::string abc = "abc";
    CHECK(text::toHex(images::sha256(std::as_bytes(std::span(abc)))) ==
          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"); // FIPS 180-2, B.1
    images::Digest digest(images::Digest::Kind::Bits512);
    digest.update(std::as_bytes(std::span(abc)).first(1));
    digest.update(std::as_bytes(std::span(abc)).subspan(1));
    CHECK(digest.hex().substr(0, 32) == "ddaf35a193617abacc417349ae204131"); // FIPS 180-2, C.1
}

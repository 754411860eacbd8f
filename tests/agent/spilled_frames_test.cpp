// Frames that leave the memory of a node that copies a tree: stored in a file, restored, or lost.
#include "agent/relay/spilled_frames.h"

#include "common/model/error.h"
#include "common/platform/files.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <string>
#include <unistd.h>

using namespace bm::agent;
using Place = DroppedFrames::Place;

namespace {

constexpr std::size_t kFrames = 8;
constexpr std::size_t kFrameBytes = std::size_t{1} << 20U;

/// A store for two frames, and a spill file in /tmp or TMPDIR.
class Spill {
public:
    explicit Spill(std::uint64_t keepFree = 0)
        : store(2 * kLongestFrame, true),
          frames(manifestOf(), std::filesystem::temp_directory_path().string(), keepFree, log)
    {
        store.onDrop([this](const StoredFrame& frame) { frames.beforeDrop(frame); });
    }
    void copy(std::size_t block, StoredFrame::State state, bool original = true)
    {
        const FramePtr frame = store.begin(block, kFrameBytes, original);
        std::memset(frame->room().data(), byteOf(block), kFrameBytes);
        store.grown(frame, kFrameBytes);
        frame->mark(state);
    }
    void copyAll()
    {
        for (std::size_t block = 0; block < kFrames; ++block)
            copy(block, StoredFrame::State::Verified);
    }
    static int byteOf(std::size_t block) { return 'a' + static_cast<int>(block); }

private:
    const bm::images::Manifest& manifestOf()
    {
        manifest_.sizeBytes = kFrames << 20U;
        manifest_.storedBytes = kFrames * kFrameBytes;
        manifest_.blocks.resize(kFrames);
        for (std::size_t block = 0; block < kFrames; ++block) {
            manifest_.blocks[block].offset = block * kFrameBytes;
            manifest_.blocks[block].length = kFrameBytes;
        }
        return manifest_;
    }
    bm::images::Manifest manifest_;

public:
    AgentLog log;
    FrameStore store;
    SpilledFrames frames;
};

/// The only file without a name that this process has open.
std::string spillFile()
{
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code ignored;
        if (std::filesystem::read_symlink(entry.path(), ignored).string().ends_with(" (deleted)"))
            return entry.path().string();
    }
    return {};
}

} // namespace

TEST_CASE("a dropped frame is restored from the file", "[agent][relay]")
{
    Spill spill;
    spill.copyAll();
    REQUIRE(spill.store.find(0) == nullptr);
    REQUIRE(spill.frames.placeOf(0) == Place::Here);
    CHECK(spill.frames.placeOf(kFrames - 1) == Place::NotYet);
    spill.frames.restore(0, spill.store);
    const FramePtr frame = spill.store.find(0);
    REQUIRE(frame != nullptr);
    CHECK(frame->original());
    CHECK(frame->state() == StoredFrame::State::Verified);
    CHECK(frame->bytes().front() == std::byte(Spill::byteOf(0)));
    CHECK(frame->bytes().back() == std::byte(Spill::byteOf(0)));
}

TEST_CASE("a frame in use stays in memory", "[agent][relay]")
{
    Spill spill;
    spill.copy(0, StoredFrame::State::Verified);
    const FramePtr held = spill.store.find(0);
    for (std::size_t block = 1; block < kFrames; ++block)
        spill.copy(block, StoredFrame::State::Verified);
    CHECK(spill.store.find(0) == held);
    CHECK(spill.store.find(1) == nullptr);
}

TEST_CASE("without space in the file system a dropped frame is lost", "[agent][relay]")
{
    Spill spill(std::uint64_t{1} << 60U);
    spill.copyAll();
    CHECK(spill.frames.placeOf(0) == Place::Gone);
    CHECK(spillFile().empty());
}

TEST_CASE("a dropped frame is lost unless it is verified and the image's own", "[agent][relay]")
{
    Spill spill;
    spill.copy(0, StoredFrame::State::Whole);
    spill.copy(1, StoredFrame::State::Verified, false);
    for (std::size_t block = 2; block < kFrames; ++block)
        spill.copy(block, StoredFrame::State::Verified);
    CHECK(spill.frames.placeOf(0) == Place::Gone);
    CHECK(spill.frames.placeOf(1) == Place::Gone);
    CHECK(spill.frames.placeOf(2) == Place::Here);
}

TEST_CASE("a frame that the disk changed is refused", "[agent][relay]")
{
    Spill spill;
    spill.copyAll();
    const bm::platform::Fd file(::open(spillFile().c_str(), O_WRONLY | O_CLOEXEC));
    REQUIRE(file);
    REQUIRE(::pwrite(file.get(), "x", 1, kFrameBytes / 2) == 1);
    CHECK_THROWS_AS(spill.frames.restore(0, spill.store), bm::model::Error);
    CHECK(spill.store.find(0) == nullptr);
    CHECK_NOTHROW(spill.frames.restore(1, spill.store));
}

// Reading a disk back during and after the writing.
#include "agent/copy/read_back.h"

#include "common/model/error.h"
#include "images/blocks/block_decoder.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

using namespace bm::agent;
using bm::images::kBlockBytes;
using bm::model::Error;
using bm::model::ErrorCode;

namespace {

/// A file of blocks, the last one a hole, as a disk.
class Disk {
public:
    static constexpr std::size_t kBlocks = 24;
    Disk()
    {
        std::string name = (std::filesystem::temp_directory_path() / "bm-read-back-XXXXXX").string();
        folder_ = ::mkdtemp(name.data());
        manifest.sizeBytes = kBlocks * kBlockBytes;
        manifest.blocks.resize(kBlocks);
        manifest.blocks.back().hole = true;
        std::ofstream file(path(), std::ios::binary);
        for (std::size_t block = 0; block < kBlocks; ++block) {
            const std::string bytes(kBlockBytes,
                                    block + 1 == kBlocks ? '\0' : static_cast<char>('a' + block));
            hashes.push_back(hashOf(std::as_bytes(std::span(bytes))));
            file << bytes;
        }
    }
    ~Disk() { std::filesystem::remove_all(folder_); }
    Disk(const Disk&) = delete;
    Disk& operator=(const Disk&) = delete;
    std::filesystem::path path() const { return folder_ / "disk"; }
    void spoil(std::size_t block) const
    {
        std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(static_cast<std::streamoff>(block * kBlockBytes + kBlockBytes / 2));
        file.put('!');
    }
    bm::images::Manifest manifest;
    std::vector<BlockHash> hashes;

private:
    std::filesystem::path folder_;
};

std::string failureOf(ReadBack& readBack)
{
    try {
        readBack.finish({});
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::DiskFailed);
        return error.what();
    }
    return "";
}

} // namespace

TEST_CASE("written blocks are read back", "[agent]")
{
    Disk disk;
    BlockDevice device(disk.path(), BlockDevice::Access::Write);
    StepProgress progress;
    std::atomic<int> failures{0};
    ReadBack readBack({disk.manifest, device, disk.hashes, progress}, [&] { ++failures; });
    SECTION("completely and once each, blocks without a call included")
    {
        readBack.onDisk(3);
        readBack.onDisk(3);
        CHECK(failureOf(readBack).empty());
        CHECK(progress.bytesDone() == disk.manifest.sizeBytes);
        CHECK(failures == 0);
    }
    SECTION("and a difference is named")
    {
        disk.spoil(7);
        CHECK(failureOf(readBack).find("at byte 7340032") != std::string::npos);
        CHECK_THROWS_AS(readBack.check(), Error);
    }
    SECTION("and a hole with data is named")
    {
        disk.spoil(Disk::kBlocks - 1);
        CHECK(failureOf(readBack).find("at byte 24117248") != std::string::npos);
    }
    SECTION("during the writing, which ends at once after a difference")
    {
        disk.spoil(2);
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{20};
        for (std::size_t block = 0; failures == 0 && std::chrono::steady_clock::now() < end;
             block = (block + 1) % Disk::kBlocks) {
            readBack.willWrite();
            readBack.wrote(block);
            std::this_thread::yield();
        }
        CHECK(failures == 1);
        CHECK_THROWS_AS(readBack.check(), Error);
    }
    SECTION("not while blocks wait to be written")
    {
        for (int i = 0; i < 3; ++i)
            readBack.willWrite(); // two blocks would wait for the writers
        const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds{800};
        for (std::size_t block = 0; std::chrono::steady_clock::now() < end;
             block = (block + 1) % Disk::kBlocks) {
            readBack.willWrite();
            readBack.wrote(block);
        }
        CHECK(progress.bytesDone() == 0);
        CHECK(failureOf(readBack).empty());
    }
    SECTION("until it is stopped")
    {
        std::stop_source stop;
        stop.request_stop();
        disk.spoil(1);
        CHECK_THROWS_AS(readBack.finish(stop.get_token()), Error);
    }
}

#pragma once
#include "common/model/error.h"
#include "common/platform/exec.h"
#include "common/platform/files.h"
#include "images/sources/download.h"
#include "images/store/image_store.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <string>

namespace bm::images::testing {

inline constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;

inline model::Deadline soon()
{
    return model::Deadline::in(std::chrono::minutes{3});
}

/// A rule that admits loopback, where the tests' servers are.
inline std::shared_ptr<const platform::OutgoingPolicy> loopbackAllowed()
{
    return std::make_shared<platform::OutgoingPolicy>(
        platform::OutgoingSettings{.allow = {{platform::networkFromText("127.0.0.0/8")}}});
}

inline void download(const std::string& url, const std::filesystem::path& file, std::uint64_t limitBytes,
                     const FetchProgress& onProgress, const model::Deadline& deadline)
{
    platform::HttpRequest base{{loopbackAllowed(), platform::Asker::Project}};
    base.url = url;
    downloadWith(base, file, limitBytes, onProgress, deadline);
}

struct Failure {
    model::ErrorCode code;
    std::string message;
    std::string hint;
};

/// The Error that @p act throws; fails the test when it throws none.
inline Failure failureOf(const std::function<void()>& act)
{
    try {
        act();
    } catch (const model::Error& error) {
        return {error.code(), error.message(), error.hint()};
    }
    FAIL("nothing was thrown");
    return {};
}

/// A store in its own folder, and the tools that operators create images with.
struct StoreWorld {
    platform::TemporaryFolder folder{"bm-images-test"};
    std::unique_ptr<platform::Exec> exec = platform::makeExec(platform::kAllCapabilities);
    StoreSettings settings = defaults();
    ImageStore store{settings, *exec};

    StoreSettings defaults() const
    {
        StoreSettings made;
        made.folder = folder.path() / "store";
        made.reserveBytes = kMiB;
        made.maxImageBytes = 64 * kMiB;
        made.compressionLevel = 1;
        made.sources.outgoing = loopbackAllowed();
        return made;
    }
    std::filesystem::path path(const std::string& name) const { return folder.path() / name; }

    std::string run(const std::vector<std::string>& argv) const
    {
        const platform::Exit exit = exec->run({.argv = argv}, soon());
        INFO(argv.front() << ": " << exit.err);
        REQUIRE(exit.code == 0);
        return exit.out;
    }

    /// Runs a command through the shell: compressors write to stdout.
    void shell(const std::string& script) const
    {
        run({"/bin/bash", "-c", "set -e; cd " + folder.path().string() + "; " + script});
    }

    StoredImage import(const std::filesystem::path& file, const std::string& checksum = {})
    {
        return store.import({.file = file, .expectedChecksum = checksum}, {}, soon());
    }

    Failure refusal(const std::filesystem::path& file, const std::string& checksum = {})
    {
        const Failure failure = failureOf([&] { import(file, checksum); });
        CHECK(filesIn("store/incoming") == 0);
        CHECK(filesIn("store/objects") == 0);
        return failure;
    }

    std::ptrdiff_t filesIn(const std::string& name) const
    {
        return std::distance(std::filesystem::directory_iterator(path(name)),
                             std::filesystem::directory_iterator());
    }

    /// Compares the output of `zstd -d` with @p raw.
    bool restoresTo(const StoredImage& stored, const std::filesystem::path& raw) const
    {
        run({"/usr/bin/zstd", "-q", "-d", "-f", store.blocksFile(stored.contentId).string(), "-o",
             path("restored").string()});
        return exec->run({.argv = {"/usr/bin/cmp", path("restored").string(), raw.string()}}, soon()).code ==
               0;
    }

    void write(const std::string& name, const std::string& bytes) const
    {
        std::ofstream(path(name), std::ios::binary) << bytes;
    }
};

inline std::string noise(std::size_t count, unsigned seed)
{
    std::mt19937_64 random(seed);
    std::string bytes(count, '\0');
    for (std::size_t i = 0; i < count; i += 2)
        bytes[i] = static_cast<char>(random());
    return bytes;
}

/// A sparse raw disk of a little more than 7 MiB: an MBR with one partition up to its end, data, holes and
/// written zeros.
inline std::filesystem::path makeDisk(const StoreWorld& world, const std::string& name = "disk.raw",
                                      unsigned seed = 1)
{
    constexpr std::uint32_t kSectors = 7 * 2048 + 3;
    std::string sector(512, '\0');
    sector.replace(0, 6, "\xeb\x63\x90 bm", 6);
    const std::uint32_t length = kSectors - 1;
    sector[446 + 4] = '\x83';
    sector[446 + 8] = 1;
    for (std::size_t i = 0; i < 4; ++i)
        sector[446 + 12 + i] = static_cast<char>((length >> (8 * i)) & 0xffU);
    sector.replace(510, 2, "\x55\xaa", 2);
    world.write(name, sector + noise(kMiB + 100, seed) + std::string(2 * kMiB, '\0') + noise(5000, seed + 1));
    std::filesystem::resize_file(world.path(name), std::uint64_t{kSectors} * 512 - 7000);
    std::ofstream(world.path(name), std::ios::binary | std::ios::app) << noise(7000, seed + 2);
    return world.path(name);
}

} // namespace bm::images::testing

#include "tests/images/store_world.h"

#include "images/blocks/manifest.h"

#include <csignal>
#include <cstdlib>
#include <sys/mount.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace bm;
using namespace bm::images::testing;
using Catch::Matchers::Contains;
using images::ImportProgress;
using images::StoredImage;
using model::ErrorCode;

namespace {

/// Runs this program again with one hidden test case.
std::vector<std::string> again(const std::string& tag)
{
    return {std::filesystem::read_symlink("/proc/self/exe").string(), tag};
}

} // namespace

TEST_CASE("identical bytes are stored once", "[images][store]")
{
    StoreWorld world;
    const std::filesystem::path raw = makeDisk(world);
    world.shell("qemu-img convert -q -f raw -O qcow2 disk.raw disk.qcow2");
    const StoredImage first = world.import(raw);
    const auto written = std::filesystem::last_write_time(world.store.blocksFile(first.contentId));
    const StoredImage second = world.import(world.path("disk.qcow2"));
    CHECK(second.contentId == first.contentId);
    CHECK(second.manifestSha256 == first.manifestSha256);
    CHECK(std::filesystem::last_write_time(world.store.blocksFile(first.contentId)) == written);
    CHECK(world.filesIn("store/objects") == 2);

    SECTION("at any compression level; the first object remains")
    {
        images::StoreSettings better = world.settings;
        better.compressionLevel = 9;
        images::ImageStore other(better, *world.exec);
        const StoredImage third = other.import({.file = raw, .expectedChecksum = {}}, {}, soon());
        CHECK(third.manifestSha256 == first.manifestSha256);
        CHECK(third.storedBytes == first.storedBytes);
    }
    SECTION("a damaged object is replaced")
    {
        std::filesystem::resize_file(world.store.blocksFile(first.contentId), 100);
        CHECK(world.restoresTo(world.import(raw), raw));
    }
    SECTION("remove() deletes them; a second call does nothing")
    {
        world.store.remove(first.contentId);
        world.store.remove(first.contentId);
        CHECK(world.filesIn("store/objects") == 0);
    }
    SECTION("a content id that is a path, or has another length, is refused")
    {
        const std::string longer = first.contentId + "0";
        for (const std::string& wrong : {std::string("../../etc/passwd"), longer, longer.substr(2)})
            CHECK(failureOf([&] { world.store.blocksFile(wrong); }).code == ErrorCode::InvalidInput);
    }
}

TEST_CASE("imports run side by side", "[images][store]")
{
    StoreWorld world;
    makeDisk(world, "a.raw", 1);
    makeDisk(world, "b.raw", 7);
    std::vector<std::string> ids(6);
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < ids.size(); ++i)
            threads.emplace_back(
                [&, i] { ids[i] = world.import(world.path(i % 2 == 0 ? "a.raw" : "b.raw")).contentId; });
    }
    CHECK(ids[0] != ids[1]);
    CHECK(ids[2] == ids[0]);
    CHECK(ids[5] == ids[1]);
    CHECK(world.filesIn("store/objects") == 4);
    CHECK(world.filesIn("store/incoming") == 0);
}

TEST_CASE("an import can be stopped", "[images][store]")
{
    StoreWorld world;
    const std::filesystem::path raw = makeDisk(world);
    SECTION("by a stop request, in any phase")
    {
        world.shell("xz -0 -k disk.raw; qemu-img convert -q -f raw -O qcow2 disk.raw disk.qcow2");
        for (const char* name : {"disk.raw", "disk.raw.xz", "disk.qcow2"})
            for (const char* phase : {"inspecting", "converting", "syncing"}) {
                std::stop_source stop;
                const auto stopIn = [&](const ImportProgress& progress) {
                    if (progress.phase == phase)
                        stop.request_stop();
                };
                const model::Deadline deadline =
                    model::Deadline::in(std::chrono::minutes{1}, stop.get_token());
                INFO(name << " " << phase);
                if (name == std::string("disk.raw") && phase == std::string("converting"))
                    continue; // the content needs no conversion
                const Failure failure = failureOf([&] {
                    world.store.import({.file = world.path(name), .expectedChecksum = {}}, stopIn, deadline);
                });
                CHECK(failure.code == ErrorCode::Aborted);
                CHECK(world.filesIn("store/incoming") == 0);
                CHECK(world.filesIn("store/objects") == 0);
            }
    }
    SECTION("by its deadline")
    {
        const model::Deadline over = model::Deadline::in(std::chrono::milliseconds{0});
        CHECK(failureOf([&] { world.store.import({.file = raw, .expectedChecksum = {}}, {}, over); }).code ==
              ErrorCode::DeadlineExceeded);
    }
    SECTION("by a listener that throws")
    {
        const auto thrower = [](const ImportProgress&) {
            throw model::Error(ErrorCode::Conflict, "deleted meanwhile");
        };
        CHECK(failureOf([&] {
                  world.store.import({.file = raw, .expectedChecksum = {}}, thrower, soon());
              }).code == ErrorCode::Conflict);
        CHECK(world.filesIn("store/incoming") == 0);
    }
}

TEST_CASE("a full store refuses an import before it begins", "[images][store]")
{
    StoreWorld world;
    const std::filesystem::path raw = makeDisk(world);
    images::StoreSettings greedy = world.settings;
    greedy.reserveBytes = std::uint64_t{1} << 60U;
    images::ImageStore full(greedy, *world.exec);
    const Failure failure =
        failureOf([&] { full.import({.file = raw, .expectedChecksum = {}}, {}, soon()); });
    CHECK(failure.code == ErrorCode::StoreFull);
    CHECK_THAT(failure.message, Contains("free") && Contains("reserve"));
    CHECK(failureOf([&] { full.checkFreeSpace(1); }).code == ErrorCode::StoreFull);
    CHECK(failureOf([&] { world.store.checkFreeSpace(std::uint64_t{1} << 60U); }).code ==
          ErrorCode::StoreFull);
    world.store.checkFreeSpace(1);
}

TEST_CASE("an import that fills the disk leaves no files", "[images][store]")
{
    StoreWorld world;
    std::vector<std::string> argv{"/usr/bin/unshare", "--user", "--map-root-user", "--mount"};
    for (const std::string& word : again("[.small-disk]"))
        argv.push_back(word);
    const platform::Exit exit =
        world.exec->run({.argv = argv, .env = {{"TMPDIR", world.folder.path().string()}}}, soon());
    INFO(exit.out << exit.err);
    CHECK(exit.code == 0);
    CHECK_THAT(exit.out, Contains("All tests passed"));
}

TEST_CASE("in a private mount namespace, on 1 MiB of disk", "[.small-disk]")
{
    StoreWorld world;
    makeDisk(world);
    world.shell("cat disk.raw disk.raw disk.raw > three.raw; gzip -1 -k three.raw;"
                "qemu-img convert -q -f raw -O qcow2 disk.raw disk.qcow2");
    REQUIRE(::mount("tmpfs", world.settings.folder.c_str(), "tmpfs", 0, "size=1m") == 0);
    images::StoreSettings small = world.settings;
    small.reserveBytes = 4096;
    images::ImageStore store(small, *world.exec);
    for (const char* name : {"three.raw", "three.raw.gz", "disk.qcow2"}) {
        INFO(name);
        const Failure failure =
            failureOf([&] { store.import({.file = world.path(name), .expectedChecksum = {}}, {}, soon()); });
        CHECK(failure.code == ErrorCode::StoreFull);
        CHECK_FALSE(failure.hint.empty());
        CHECK(world.filesIn("store/incoming") == 0);
        CHECK(world.filesIn("store/objects") == 0);
    }
    CHECK(::umount(world.settings.folder.c_str()) == 0);
}

TEST_CASE("a sweep removes the partial files of a killed import", "[images][store]")
{
    StoreWorld world;
    const std::filesystem::path raw = makeDisk(world);
    world.shell("xz -0 -k disk.raw; qemu-img convert -q -f raw -O qcow2 disk.raw disk.qcow2");
    const std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
    for (const char* name : {"disk.raw", "disk.raw.xz", "disk.qcow2"})
        for (const char* phase : {"inspecting", "compressing", "converting", "syncing"}) {
            INFO(name << " killed while " << phase);
            const pid_t child = ::fork();
            if (child == 0) {
                ::setenv("BM_VICTIM_FOLDER", world.settings.folder.c_str(), 1);
                ::setenv("BM_VICTIM_FILE", world.path(name).c_str(), 1);
                ::setenv("BM_VICTIM_PHASE", phase, 1);
                ::execl(program.c_str(), program.c_str(), "[.victim]", "-o", "/dev/null", nullptr);
                ::_exit(127);
            }
            int status = 0;
            REQUIRE(::waitpid(child, &status, 0) == child);
            const bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
            CHECK((killed || (WIFEXITED(status) &&
                              WEXITSTATUS(status) == 0))); // an image without that phase ends normally
            if (killed)
                CHECK(world.filesIn("store/objects") == 0);
            images::ImageStore next(world.settings, *world.exec);
            next.sweep();
            CHECK(world.filesIn("store/incoming") == 0);
            const StoredImage stored = world.import(world.path(name));
            CHECK(world.restoresTo(stored, raw));
            world.store.remove(stored.contentId);
        }
}

TEST_CASE("an import that kills itself in a phase", "[.victim]")
{
    images::StoreSettings settings;
    settings.folder = std::getenv("BM_VICTIM_FOLDER");
    settings.reserveBytes = kMiB;
    const std::string phase = std::getenv("BM_VICTIM_PHASE");
    const std::unique_ptr<platform::Exec> exec = platform::makeExec();
    images::ImageStore store(settings, *exec);
    store.import(
        {.file = std::getenv("BM_VICTIM_FILE"), .expectedChecksum = {}},
        [&](const ImportProgress& progress) {
            if (progress.phase == phase)
                ::kill(::getpid(), SIGKILL);
        },
        soon());
}

TEST_CASE("a sweep keeps complete images", "[images][store]")
{
    StoreWorld world;
    const std::filesystem::path raw = makeDisk(world);
    const StoredImage stored = world.import(raw);
    world.write("store/incoming/upload-1", "half of a file");
    world.write("store/objects/" + std::string(64, 'a') + ".zst", "blocks whose manifest was never written");
    world.store.sweep();
    CHECK(world.filesIn("store/incoming") == 0);
    CHECK(world.filesIn("store/objects") == 2);
    CHECK(world.restoresTo(stored, raw));
}

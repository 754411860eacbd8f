// Reading a tree's files back from the disk while the agent writes, and what the comparison at the end still
// reads.
#include "agent/tree/file_read_back.h"

#include "agent/tree/file_places.h"
#include "common/model/error.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <iterator>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

using namespace bm::agent;
using bm::model::Error;
using bm::model::ErrorCode;
using bm::platform::Fd;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kFileBytes = 100'000;

/// A tree on a disk's file system; /tmp may be in memory, which has no places.
class Tree {
public:
    Tree()
    {
        std::string name = "/var/tmp/bm-file-read-back-XXXXXX";
        folder_ = ::mkdtemp(name.data());
        fs::create_directory(root());
        manifest.add("", factsOf(root()));
    }
    ~Tree() { fs::remove_all(folder_); }
    Tree(const Tree&) = delete;
    Tree& operator=(const Tree&) = delete;

    fs::path root() const { return folder_ / "root"; }
    fs::path outside() const { return folder_ / "outside"; }

    /// @param expected  the byte that the manifest expects, where the disk has another one
    void write(const std::string& name, char byte, char expected = 0, std::size_t size = kFileBytes)
    {
        Fd fd(::open((root() / name).c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644));
        const std::string bytes(size, byte);
        REQUIRE(::pwrite(fd.get(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
        EntryFacts facts = factsOf(root() / name);
        ContentHash hash;
        hash.update(std::as_bytes(std::span(expected == 0 ? bytes : std::string(size, expected))));
        facts.content = hash.value();
        const std::size_t entry = manifest.add(name, facts);
        readBack.add({entry, name, std::move(fd), facts});
    }
    /// Compares all. @return bytes that it read
    std::uint64_t compare()
    {
        std::uint64_t bytes = 0;
        manifest.compare(root().string(), {}, [&](std::uint64_t count) { bytes += count; }, {});
        return bytes;
    }
    bool hasPlaces() const
    {
        const Fd fd(::open(outside().c_str(), O_CREAT | O_RDWR | O_DIRECT | O_CLOEXEC, 0644));
        return fd && ::ftruncate(fd.get(), 4096) == 0 && placesOfFile(fd.get(), 4096).has_value();
    }

    TreeManifest manifest;
    StepProgress progress;
    FileReadBack readBack{manifest, {}, progress};

private:
    static EntryFacts factsOf(const fs::path& path)
    {
        struct stat status {};
        REQUIRE(::lstat(path.c_str(), &status) == 0);
        EntryFacts facts;
        facts.mode = status.st_mode;
        facts.uid = status.st_uid;
        facts.gid = status.st_gid;
        facts.seconds = status.st_mtim.tv_sec;
        facts.nanoseconds = static_cast<std::uint32_t>(status.st_mtim.tv_nsec);
        facts.size = S_ISREG(status.st_mode) ? static_cast<std::uint64_t>(status.st_size) : 0;
        facts.attributes = attributesOf(path.string());
        return facts;
    }
    fs::path folder_;
};

/// The folder's time changes with its files; the agent sets it at the end.
void restoreTimeOf(const fs::path& path, const struct stat& as)
{
    const std::array<timespec, 2> times{as.st_atim, as.st_mtim};
    REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times.data(), 0) == 0);
}

struct stat statusOf(const fs::path& path)
{
    struct stat status {};
    REQUIRE(::lstat(path.c_str(), &status) == 0);
    return status;
}

template <class Work> std::string failureOf(Work work)
{
    try {
        work();
    } catch (const Error& error) {
        return error.code() == ErrorCode::DiskFailed ? error.message() : "another code";
    }
    return "nothing";
}

} // namespace

TEST_CASE("files read back while others are written", "[agent][tree]")
{
    Tree tree;
    const struct stat before = statusOf(tree.root());
    constexpr std::size_t kFiles = 300; // more than a batch
    for (std::size_t i = 0; i < kFiles; ++i)
        tree.write("file" + std::to_string(i), static_cast<char>('a' + i % 26));
    tree.readBack.finish({});
    restoreTimeOf(tree.root(), before);
    const std::size_t early = tree.readBack.files();
    CHECK(tree.progress.bytesDone() == early * kFileBytes);
    if (tree.hasPlaces())
        CHECK(early > 0);

    SECTION("are not read again")
    {
        CHECK(tree.compare() == (kFiles - early) * kFileBytes);
    }
    SECTION("are read again when they lie elsewhere")
    {
        const struct stat status = statusOf(tree.root() / "file0");
        fs::rename(tree.root() / "file0", tree.outside());
        fs::copy_file(tree.outside(), tree.root() / "file0");
        restoreTimeOf(tree.root() / "file0", status);
        restoreTimeOf(tree.root(), before);
        CHECK(tree.compare() >= kFileBytes);
        const Fd fd(::open((tree.root() / "file0").c_str(), O_WRONLY | O_CLOEXEC));
        REQUIRE(::pwrite(fd.get(), "!", 1, kFileBytes / 2) == 1);
        restoreTimeOf(tree.root() / "file0", status);
        CHECK(failureOf([&] { tree.compare(); }).starts_with("/file0 differs"));
    }
    SECTION("still have to have their metadata")
    {
        fs::permissions(tree.root() / "file7", fs::perms::owner_all);
        CHECK(failureOf([&] { tree.compare(); }).starts_with("/file7 differs"));
    }
}

TEST_CASE("the read-back keeps a bounded number of files open", "[agent][tree]")
{
    const auto openFiles = [] {
        return static_cast<std::size_t>(std::distance(fs::directory_iterator("/proc/self/fd"), {}));
    };
    Tree tree;
    const std::size_t before = openFiles();
    std::size_t most = 0;
    for (std::size_t i = 0; i < 1500; ++i) { // faster than any disk: each write stays in memory
        tree.write("file" + std::to_string(i), 'f', 0, 16);
        most = std::max(most, openFiles());
    }
    CHECK(most <= before + FileReadBack::kMostOpen);
    tree.readBack.finish({});
    CHECK(openFiles() == before);
}

TEST_CASE("a file with other content on the disk fails the read-back or the comparison", "[agent][tree]")
{
    Tree tree;
    const struct stat before = statusOf(tree.root());
    tree.write("right", 'r');
    tree.write("wrong", 'w', 'x');
    const std::string failure = failureOf([&] {
        tree.readBack.finish({});
        restoreTimeOf(tree.root(), before);
        tree.compare();
    });
    CHECK(failure.starts_with("/wrong"));
    if (tree.hasPlaces()) {
        CHECK(failure == "/wrong: the disk returned other bytes than were written");
        CHECK(failureOf([&] { tree.write("later", 'l'); }) == failure);
    }
}

TEST_CASE("a hard link to a file that was read back is not read", "[agent][tree]")
{
    Tree tree;
    const struct stat before = statusOf(tree.root());
    tree.write("file", 'f');
    tree.readBack.finish({});
    fs::create_hard_link(tree.root() / "file", tree.root() / "link");
    tree.manifest.addLink("link", "file");
    restoreTimeOf(tree.root(), before);
    CHECK(tree.compare() == (tree.readBack.files() == 1 ? 0 : kFileBytes));
}

TEST_CASE("the places of a file", "[agent][tree]")
{
    Tree tree;
    if (!tree.hasPlaces())
        return;
    const auto placesOf = [&](const char* name, std::uint64_t size) {
        const Fd fd(::open((tree.root() / name).c_str(), O_RDONLY | O_CLOEXEC));
        return placesOfFile(fd.get(), size);
    };
    tree.write("one", '1');
    tree.write("two", '1');
    tree.readBack.finish({});
    CHECK(placesOf("one", kFileBytes) == placesOf("one", kFileBytes));
    CHECK(placesOf("one", kFileBytes) != placesOf("two", kFileBytes));
    CHECK(placesOf("one", kFileBytes) != placesOf("one", kFileBytes / 2));
}

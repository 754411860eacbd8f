#include "common/platform/files.h"

#include "common/model/error.h"

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace bm::platform;
using bm::model::Error;
using bm::model::ErrorCode;

namespace {

unsigned modeOf(const std::filesystem::path& path)
{
    struct stat facts {};
    REQUIRE(::stat(path.c_str(), &facts) == 0);
    return facts.st_mode & 0777;
}

std::size_t entriesIn(const std::filesystem::path& folder)
{
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator()));
}

ErrorCode fileCodeOf(const std::function<void()>& action)
{
    try {
        action();
    } catch (const Error& error) {
        return error.code();
    }
    FAIL("no Error was thrown");
    return ErrorCode::Internal;
}

} // namespace

TEST_CASE("a folder where a file belongs is wrong input", "[platform][files]")
{
    const TemporaryFolder folder;
    CHECK(fileCodeOf([&] { readFile(folder.path()); }) == ErrorCode::InvalidInput);
    writeFileAtomically(folder.path() / "file", "x");
    CHECK(fileCodeOf([&] { readFile(folder.path() / "file" / "x"); }) == ErrorCode::InvalidInput);
    CHECK(fileCodeOf([&] { readFile(folder.path() / "none"); }) == ErrorCode::NotFound);
    CHECK(fileCodeOf([&] { readFile(folder.path() / std::string(300, 'x')); }) == ErrorCode::InvalidInput);
    std::filesystem::create_symlink("loop", folder.path() / "loop");
    CHECK(fileCodeOf([&] { readFile(folder.path() / "loop"); }) == ErrorCode::InvalidInput);
    CHECK(fileCodeOf([] { writeFileAtomically("/sys/kernel/bm-test", "x"); }) ==
          ErrorCode::Forbidden); // root, too
}

TEST_CASE("a file written atomically", "[platform][files]")
{
    const TemporaryFolder folder;
    const std::filesystem::path file = folder.path() / "value";
    writeFileAtomically(file, "first", 0600);

    SECTION("has its content and mode, and no temporary file remains")
    {
        CHECK(readFile(file) == "first");
        CHECK(modeOf(file) == 0600);
        CHECK(entriesIn(folder.path()) == 1);
    }
    SECTION("replaces the previous file")
    {
        writeFileAtomically(file, "second");
        CHECK(readFile(file) == "second");
        CHECK(modeOf(file) == 0644);
    }
    SECTION("leaves the previous file when the write fails")
    {
        const std::filesystem::path taken = folder.path() / "taken";
        std::filesystem::create_directory(taken);
        CHECK_THROWS_AS(writeFileAtomically(taken, "x"), Error);
        CHECK(std::filesystem::is_directory(taken));
        CHECK(entriesIn(folder.path()) == 2);
        CHECK(fileCodeOf([&] { writeFileAtomically(folder.path() / "no" / "such", "x"); }) ==
              ErrorCode::NotFound);
    }
}

TEST_CASE("a file read whole", "[platform][files]")
{
    const TemporaryFolder folder;
    SECTION("is not found, by name")
    {
        CHECK(fileCodeOf([&] { readFile(folder.path() / "x"); }) == ErrorCode::NotFound);
    }
    SECTION("may be too large")
    {
        std::ofstream(folder.path() / "x") << "12345";
        CHECK(readFile(folder.path() / "x", 5) == "12345");
        CHECK(fileCodeOf([&] { readFile(folder.path() / "x", 4); }) == ErrorCode::TooLarge);
    }
    SECTION("is no folder")
    {
        CHECK_THROWS_AS(readFile(folder.path()), Error);
    }
}

TEST_CASE("a temporary folder is removed with its content", "[platform][files]")
{
    std::filesystem::path path;
    {
        const TemporaryFolder folder("bm-test");
        path = folder.path();
        std::filesystem::create_directories(path / "a" / "b");
        CHECK(modeOf(path) == 0700);
    }
    CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("the last owner closes a descriptor", "[platform][files]")
{
    Fd first(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const int number = first.get();
    Fd second(std::move(first));
    CHECK(::fcntl(number, F_GETFD) >= 0);
    second = Fd();
    CHECK(::fcntl(number, F_GETFD) < 0);
}

TEST_CASE("a file that root writes keeps its owner; a new one gets the folder's", "[platform][files]")
{
    REQUIRE(::geteuid() == 0); // the tests run as root, here and in CI
    const TemporaryFolder folder;
    const auto ownerOf = [](const std::filesystem::path& path) {
        struct stat status {};
        REQUIRE(::stat(path.c_str(), &status) == 0);
        return std::pair(status.st_uid, status.st_gid);
    };
    const std::filesystem::path file = folder.path() / "users";
    REQUIRE(::chown(folder.path().c_str(), 12345, 12346) == 0);
    writeFileAtomically(file, "a", 0600);
    CHECK(ownerOf(file) == std::pair<uid_t, gid_t>(12345, 12346));
    REQUIRE(::chown(file.c_str(), 23456, 23457) == 0);
    writeFileAtomically(file, "b", 0600);
    CHECK(ownerOf(file) == std::pair<uid_t, gid_t>(23456, 23457));
    CHECK(readFile(file) == "b");
}

TEST_CASE("a file with a secret", "[platform][files]")
{
    const TemporaryFolder folder;
    const std::filesystem::path file = folder.path() / "password";
    const auto withMode = [&file](unsigned mode) {
        writeFileAtomically(file, "secret", mode);
        return file;
    };
    SECTION("is read when its owner and readers of its group reach it")
    {
        for (const unsigned mode : {0600U, 0400U, 0640U, 0440U})
            CHECK(readSecretFile(withMode(mode), 100) == "secret");
    }
    SECTION("is refused when other users read it or write it")
    {
        for (const unsigned mode : {0644U, 0604U, 0660U, 0620U, 0602U, 0666U}) {
            CAPTURE(mode);
            CHECK(exposureOf(withMode(mode)));
            CHECK(fileCodeOf([&] { readSecretFile(file, 100); }) == ErrorCode::InvalidInput);
        }
        CHECK(*exposureOf(withMode(0644)) == "can be read by every user (mode 0644)");
        CHECK(*exposureOf(withMode(0660)) == "can be written by other users (mode 0660)");
    }
    SECTION("may be a pipe; a missing one is not found")
    {
        CHECK_FALSE(exposureOf("/dev/null"));
        CHECK(fileCodeOf([&] { readSecretFile(folder.path() / "none", 100); }) == ErrorCode::NotFound);
    }
}

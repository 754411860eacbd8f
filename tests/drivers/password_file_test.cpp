// Password files: their modes, their removal, and the errors of folders and disks.
#include "common/platform/files.h"
#include "drivers/ipmi/password_file.h"
#include "tests/drivers/error_of.h"

#include <csignal>
#include <fstream>

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace bm;
using Catch::Matchers::Contains;
using drivers::PasswordFile;
using model::ErrorCode;

namespace {

/// Files of this process can not grow beyond @p bytes during its life.
class FileSizeLimit {
public:
    explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN))
    {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit limit{bytes, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FileSizeLimit()
    {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;

private:
    void (*handler_)(int);
    rlimit before_{};
};

unsigned modeOf(const std::filesystem::path& path)
{
    struct stat status {};
    ::stat(path.c_str(), &status);
    return status.st_mode & 0777U;
}

} // namespace

TEST_CASE("a password file", "[drivers][password-file]")
{
    const platform::TemporaryFolder folder;
    const std::filesystem::path run = folder.path() / "run";
    SECTION("holds the password for the owner only, and its destructor removes it")
    {
        PasswordFile::prepareFolder(run);
        std::filesystem::path path;
        {
            const PasswordFile file(run, "pass word");
            path = file.path();
            CHECK(platform::readFile(path) == "pass word\n");
            CHECK(modeOf(path) == 0600U);
            CHECK(modeOf(path.parent_path()) == 0700U);
        }
        CHECK_FALSE(std::filesystem::exists(path));
    }
    SECTION("needs its folder")
    {
        const model::Error error = test::errorOf([&] { const PasswordFile file(run, "hunter2"); });
        CHECK(error.code() == ErrorCode::Internal);
        CHECK_THAT(error.what(), Contains("No such file") && !Contains("hunter2"));
        CHECK_THAT(error.hint(), Contains("run folder"));
    }
    SECTION("leaves nothing behind on a full disk")
    {
        PasswordFile::prepareFolder(run);
        {
            const FileSizeLimit none(0);
            const model::Error error = test::errorOf([&] { const PasswordFile file(run, "hunter2"); });
            CHECK(error.code() == ErrorCode::Internal);
            CHECK_THAT(error.what(), Contains("File too large") && !Contains("hunter2"));
        }
        CHECK(std::filesystem::is_empty(run / "ipmi-secrets"));
    }
}

TEST_CASE("the folder of password files", "[drivers][password-file]")
{
    const platform::TemporaryFolder folder;
    const std::filesystem::path run = folder.path() / "run";
    SECTION("loses the files of ended processes and foreign files, not those of living processes")
    {
        PasswordFile::prepareFolder(run);
        const std::filesystem::path secrets = run / "ipmi-secrets";
        const std::string mine = fmt::format("{}.AbCdEf", ::getpid());
        for (const std::string& name :
             {mine, std::string("1.AbCdEf"), std::string("999999999.AbCdEf"), std::string("notes")})
            std::ofstream(secrets / name) << "x\n";
        PasswordFile::prepareFolder(run);
        CHECK(std::filesystem::exists(secrets / mine));
        CHECK(std::filesystem::exists(secrets / "1.AbCdEf"));
        CHECK_FALSE(std::filesystem::exists(secrets / "999999999.AbCdEf"));
        CHECK_FALSE(std::filesystem::exists(secrets / "notes"));
    }
    SECTION("can not be made below a file")
    {
        std::ofstream(run) << "a file\n";
        const model::Error error = test::errorOf([&] { PasswordFile::prepareFolder(run / "below"); });
        CHECK(error.code() == ErrorCode::Internal);
        CHECK_THAT(error.what(), Contains("ipmi-secrets") && Contains("Not a directory"));
    }
    SECTION("can not be made where the run folder takes no folders")
    {
        CHECK(test::errorOf([] { PasswordFile::prepareFolder("/proc/self"); }).code() == ErrorCode::Internal);
    }
}

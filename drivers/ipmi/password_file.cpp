#include "drivers/ipmi/password_file.h"

#include "common/model/error.h"
#include "common/platform/files.h"
#include "common/text/secret.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bm::drivers {
namespace {

namespace fs = std::filesystem;
using model::Error;
using model::ErrorCode;

fs::path folderIn(const fs::path& runFolder)
{
    return runFolder / "ipmi-secrets";
}

[[noreturn]] void throwCannot(const fs::path& path, const std::string& reason)
{
    throw Error(ErrorCode::Internal,
                fmt::format("cannot write the password file {}: {}", path.string(), reason),
                "create the run folder with write access for bmd");
}

/// File names are "<pid of the creator>.<random>".
bool makerLives(const fs::path& file)
{
    const int pid =
        std::atoi(file.filename().c_str()); // NOLINT(cert-err34-c): other names yield 0 and are removed
    return pid > 0 && (::kill(pid, 0) == 0 || errno == EPERM);
}

} // namespace

void PasswordFile::prepareFolder(const fs::path& runFolder)
{
    const fs::path folder = folderIn(runFolder);
    std::error_code failed;
    fs::create_directories(runFolder, failed);
    if (!failed && ::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
        failed = std::error_code(errno, std::generic_category());
    if (failed)
        throwCannot(folder, failed.message());
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, failed))
        if (!makerLives(entry.path()))
            ::unlink(entry.path().c_str());
}

PasswordFile::PasswordFile(const fs::path& runFolder, std::string_view password)
{
    std::string path = (folderIn(runFolder) / fmt::format("{}.XXXXXX", ::getpid())).string();
    const platform::Fd file(::mkostemp(path.data(), O_CLOEXEC)); // creates it with mode 0600
    if (!file)
        throwCannot(path, std::strerror(errno));
    path_ = path;
    const text::Secret line = std::string(password) + "\n";
    if (::write(file.get(), line.view().data(), line.size()) != static_cast<ssize_t>(line.size())) {
        const int reason = errno;
        ::unlink(path_.c_str());
        throwCannot(path_, std::strerror(reason));
    }
}

PasswordFile::~PasswordFile()
{
    ::unlink(path_.c_str());
}

} // namespace bm::drivers

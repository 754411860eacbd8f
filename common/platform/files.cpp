#include "common/platform/files.h"

#include "common/model/error.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace bm::platform {
namespace {

using model::Error;
using model::ErrorCode;

std::string reason()
{
    return std::generic_category().message(errno);
}

ErrorCode codeOf(int reason)
{
    switch (reason) {
    case ENOENT:
        return ErrorCode::NotFound;
    case EISDIR:
    case ENOTDIR:
    case ELOOP:
    case ENAMETOOLONG:
        return ErrorCode::InvalidInput;
    case EACCES:
    case EPERM:
    case EROFS:
        return ErrorCode::Forbidden;
    case ENOSPC:
    case EDQUOT:
        return ErrorCode::StoreFull;
    default:
        return ErrorCode::Internal;
    }
}

[[noreturn]] void failed(const std::string& what, const std::filesystem::path& path)
{
    const int why = errno;
    throw Error(codeOf(why), fmt::format("cannot {} {}: {}", what, path.string(), reason()),
                why == EISDIR   ? "name a file, not a folder"
                : why == EACCES ? "the user that runs this program needs the permission"
                                : "");
}

void writeAll(int fd, std::string_view text, const std::filesystem::path& path)
{
    while (!text.empty()) {
        const ssize_t count = ::write(fd, text.data(), text.size());
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            failed("write", path);
        text.remove_prefix(static_cast<std::size_t>(count));
    }
}

void syncFolder(const std::filesystem::path& folder)
{
    const Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd || ::fsync(fd.get()) != 0)
        failed("sync", folder);
}

/// Removes the temporary file unless it was renamed into place.
struct Leftover {
    std::string path;
    bool armed = true;
    ~Leftover()
    {
        if (armed)
            ::unlink(path.c_str());
    }
};

} // namespace

Fd& Fd::operator=(Fd&& other) noexcept
{
    if (this != &other) {
        if (fd_ >= 0)
            ::close(fd_);
        fd_ = other.release();
    }
    return *this;
}

Fd::~Fd()
{
    if (fd_ >= 0)
        ::close(fd_);
}

std::string readFile(const std::filesystem::path& path, std::size_t limitBytes)
{
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd)
        failed("open", path);
    std::string text;
    std::array<char, 65536> piece{};
    for (;;) {
        const ssize_t count = ::read(fd.get(), piece.data(), piece.size());
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            failed("read", path);
        if (count == 0)
            return text;
        text.append(piece.data(), static_cast<std::size_t>(count));
        if (text.size() > limitBytes)
            throw Error(ErrorCode::TooLarge,
                        fmt::format("{} is longer than {} bytes", path.string(), limitBytes));
    }
}

std::optional<std::string> exposureOf(const std::filesystem::path& path)
{
    struct stat facts {};
    if (::stat(path.c_str(), &facts) != 0 || !S_ISREG(facts.st_mode))
        return std::nullopt; // opening it reports a missing file
    const unsigned mode = facts.st_mode & 07777U;
    if ((mode & S_IROTH) != 0)
        return fmt::format("can be read by every user (mode {:04o})", mode);
    if ((mode & (S_IWGRP | S_IWOTH)) != 0)
        return fmt::format("can be written by other users (mode {:04o})", mode);
    return std::nullopt;
}

void requirePrivate(const std::filesystem::path& path)
{
    if (const std::optional<std::string> exposure = exposureOf(path))
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("{} holds a secret and {}", path.string(), *exposure),
                    fmt::format("chmod 0640 {0}; chgrp bm {0} where another user owns it", path.string()));
}

std::string readSecretFile(const std::filesystem::path& path, std::size_t limitBytes)
{
    requirePrivate(path);
    return readFile(path, limitBytes);
}

void giveToOwner(int fd, const std::filesystem::path& path)
{
    struct stat status {};
    const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
    if (::geteuid() != 0 || (::stat(path.c_str(), &status) != 0 && ::stat(folder.c_str(), &status) != 0))
        return;
    if (::fchown(fd, status.st_uid, status.st_gid) != 0)
        failed("set the owner of", path);
}

Fd lockFile(const std::filesystem::path& file, LockShare share)
{
    Fd lock(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!lock)
        failed("open", file);
    giveToOwner(lock.get(), file);
    const int how = share == LockShare::Shared ? LOCK_SH : LOCK_EX;
    if (::flock(lock.get(), how | LOCK_NB) == 0)
        return lock;
    if (errno != EWOULDBLOCK)
        failed("lock", file);
    return {};
}

void writeFileAtomically(const std::filesystem::path& path, std::string_view text, unsigned mode)
{
    Leftover temporary{path.string() + ".XXXXXX"};
    const Fd fd(::mkostemp(temporary.path.data(), O_CLOEXEC));
    if (!fd) {
        temporary.armed = false;
        failed("write", path);
    }
    giveToOwner(fd.get(), path);
    if (::fchmod(fd.get(), static_cast<mode_t>(mode)) != 0)
        failed("set the mode of", path);
    writeAll(fd.get(), text, path);
    if (::fsync(fd.get()) != 0)
        failed("sync", path);
    if (::rename(temporary.path.c_str(), path.c_str()) != 0)
        failed("replace", path);
    temporary.armed = false;
    syncFolder(path.has_parent_path() ? path.parent_path() : std::filesystem::path("."));
}

TemporaryFolder::TemporaryFolder(std::string_view prefix)
{
    std::error_code ignored;
    std::filesystem::path base = std::filesystem::temp_directory_path(ignored);
    if (base.empty())
        base = "/tmp";
    std::string name = (base / fmt::format("{}-XXXXXX", prefix)).string();
    if (::mkdtemp(name.data()) == nullptr)
        failed("make a folder like", name);
    path_ = name;
}

TemporaryFolder::~TemporaryFolder()
{
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

} // namespace bm::platform

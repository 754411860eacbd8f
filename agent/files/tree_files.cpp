#include "agent/files/tree_files.h"

#include "common/model/error.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <memory>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace bm::agent {

using model::Error;
using model::ErrorCode;
using platform::Fd;

namespace {

constexpr std::size_t kLongestText = std::size_t{1} << 20U;

std::string folderOf(const std::string& path)
{
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? "." : path.substr(0, slash);
}

std::string lastOf(const std::string& path)
{
    return path.substr(path.rfind('/') + 1);
}

[[noreturn]] void fail(const std::string& path, const char* doing)
{
    throw Error(ErrorCode::AgentFailed, fmt::format("/{}: {}: {}", path, doing, std::strerror(errno)));
}

} // namespace

TreeFiles::TreeFiles(const std::string& root) : root_(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC))
{
    if (!root_)
        fail(root, "opening");
}

Fd TreeFiles::openAt(const std::string& path, int flags) const
{
    open_how how{};
    how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    return Fd(static_cast<int>(::syscall(SYS_openat2, root_.get(), path.c_str(), &how, sizeof how)));
}

bool TreeFiles::has(const std::string& path) const
{
    return static_cast<bool>(openAt(path, O_PATH));
}

Fd TreeFiles::open(const std::string& path) const
{
    Fd fd = openAt(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    struct stat status {};
    if (!fd || ::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode))
        throw Error(ErrorCode::NotFound, "the tree has no file /" + path);
    return fd;
}

std::string TreeFiles::read(const std::string& path) const
{
    std::string text;
    Fd fd;
    try {
        fd = open(path);
    } catch (const Error&) {
        return text;
    }
    std::array<char, 16384> piece{};
    ssize_t count = 0;
    while (text.size() < kLongestText && (count = ::read(fd.get(), piece.data(), piece.size())) > 0)
        text.append(piece.data(), static_cast<std::size_t>(count));
    return text;
}

void TreeFiles::makeFolders(const std::string& path, unsigned mode) const
{
    for (std::size_t at = 0; at != std::string::npos;) {
        at = path.find('/', at + 1);
        const std::string folder = path.substr(0, at);
        if (has(folder))
            continue;
        const Fd parent = openAt(folderOf(folder), O_RDONLY | O_DIRECTORY);
        if (!parent || ::mkdirat(parent.get(), lastOf(folder).c_str(), mode) != 0)
            fail(folder, "making the folder");
    }
}

void TreeFiles::write(const std::string& path, std::string_view text, unsigned mode) const
{
    const Fd folder = openAt(folderOf(path), O_RDONLY | O_DIRECTORY);
    if (!folder)
        fail(path, "opening its folder");
    const std::string name = lastOf(path);
    const std::string part = "." + name + ".bm";
    ::unlinkat(folder.get(), part.c_str(), 0);
    const Fd fd(
        ::openat(folder.get(), part.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd || ::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        ::fchmod(fd.get(), mode) != 0 || ::fsync(fd.get()) != 0 ||
        ::renameat(folder.get(), part.c_str(), folder.get(), name.c_str()) != 0)
        fail(path, "writing");
}

std::vector<std::string> TreeFiles::list(const std::string& folder) const
{
    std::vector<std::string> names;
    Fd fd = openAt(folder, O_RDONLY | O_DIRECTORY);
    if (!fd)
        return names;
    const std::unique_ptr<DIR, int (*)(DIR*)> open(::fdopendir(fd.release()), ::closedir);
    while (const dirent* entry = open ? ::readdir(open.get()) : nullptr)
        if (const std::string_view name = entry->d_name; name != "." && name != "..")
            names.emplace_back(name);
    std::ranges::sort(names);
    return names;
}

} // namespace bm::agent

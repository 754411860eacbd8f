#include "agent/tree/tree_extractor.h"

#include "common/model/error.h"

#include <algorithm>
#include <archive.h>
#include <archive_entry.h>
#include <cerrno>
#include <clocale>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace bm::agent {

using model::Error;
using model::ErrorCode;
using platform::Fd;

namespace {

constexpr std::uint64_t kFlushedAtOnce = std::uint64_t{256} * 1024; ///< the kernel collects smaller writes

[[noreturn]] void fail(const std::string& path, const char* doing, int error)
{
    if (error == ENOSPC || error == EDQUOT)
        throw Error(
            ErrorCode::DiskTooSmall, fmt::format("/{}: the file system is full", path),
            "a larger disk, or a layout with more space for it: bm image show says how much it holds");
    if (error == EIO)
        throw Error(ErrorCode::DiskFailed, fmt::format("/{}: {}: {}", path, doing, std::strerror(error)),
                    "replace the disk");
    throw Error(ErrorCode::AgentFailed, fmt::format("/{}: {}: {}", path, doing, std::strerror(error)));
}

void check(int result, const std::string& path, const char* doing)
{
    if (result < 0)
        fail(path, doing, errno);
}

[[noreturn]] void notOurs(const std::string& what)
{
    throw Error(ErrorCode::ImageCorrupt, "the tree's archive: " + what, "add the image again");
}

/// bm's own import made the archive; root writes it to a disk, so the agent checks the name again.
std::string pathOf(const char* text)
{
    if (text == nullptr)
        notOurs("an entry's name is not UTF-8");
    std::string path(text);
    while (path.ends_with('/'))
        path.pop_back();
    if (path == ".")
        return {};
    if (path.starts_with("./"))
        path.erase(0, 2);
    if (path.empty() || path.front() == '/' || ("/" + path + "/").find("/../") != std::string::npos)
        notOurs("the name '" + path.substr(0, 200) + "' leads outside");
    return path;
}

Attributes attributesOf(archive_entry* entry)
{
    Attributes out;
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t length = 0;
    archive_entry_xattr_reset(entry);
    while (archive_entry_xattr_next(entry, &name, &value, &length) == ARCHIVE_OK)
        out[name] = std::string(static_cast<const char*>(value), length);
    return out;
}

EntryFacts factsOf(archive_entry* entry)
{
    EntryFacts facts;
    facts.mode = archive_entry_mode(entry);
    facts.uid = static_cast<std::uint32_t>(archive_entry_uid(entry));
    facts.gid = static_cast<std::uint32_t>(archive_entry_gid(entry));
    facts.seconds = archive_entry_mtime(entry);
    facts.nanoseconds = static_cast<std::uint32_t>(archive_entry_mtime_nsec(entry));
    const mode_t type = archive_entry_filetype(entry);
    if (type == AE_IFCHR || type == AE_IFBLK)
        facts.device = makedev(static_cast<unsigned>(archive_entry_rdevmajor(entry)),
                               static_cast<unsigned>(archive_entry_rdevminor(entry)));
    if (type == AE_IFREG)
        facts.size = static_cast<std::uint64_t>(archive_entry_size(entry));
    if (type == AE_IFLNK) {
        const char* target = archive_entry_symlink(entry);
        facts.target = target == nullptr ? "" : target;
        facts.mode = S_IFLNK | 0777;
    }
    facts.attributes = attributesOf(entry);
    return facts;
}

std::array<timespec, 2> timesOf(const EntryFacts& facts)
{
    const timespec time{facts.seconds, facts.nanoseconds};
    return {time, time};
}

void setAttributes(int fd, const std::string& path, const EntryFacts& facts)
{
    for (const auto& [name, value] : facts.attributes)
        if (::fsetxattr(fd, name.c_str(), value.data(), value.size(), 0) != 0)
            fail(path, ("setting " + name).c_str(), errno);
}

/// Owner first, because a change of owner clears set-user-id bits and capabilities.
void dress(int fd, const std::string& path, const EntryFacts& facts)
{
    check(::fchown(fd, facts.uid, facts.gid), path, "setting the owner");
    check(::fchmod(fd, facts.mode & 07777U), path, "setting the mode");
    setAttributes(fd, path, facts);
    const std::array<timespec, 2> times = timesOf(facts);
    check(::futimens(fd, times.data()), path, "setting the time");
}

/// For entries that the agent does not open: symlinks, device nodes, named pipes.
void attributesAndTime(int parent, const std::string& name, const std::string& path, const EntryFacts& facts)
{
    const std::string full = fmt::format("/proc/self/fd/{}/{}", parent, name);
    for (const auto& [attribute, value] : facts.attributes)
        check(::lsetxattr(full.c_str(), attribute.c_str(), value.data(), value.size(), 0), path,
              "setting an attribute");
    const std::array<timespec, 2> times = timesOf(facts);
    check(::utimensat(parent, name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW), path, "setting the time");
}

std::string lastPart(const std::string& path)
{
    return path.substr(path.rfind('/') + 1);
}

struct ReadFreer {
    void operator()(archive* reader) const { archive_read_free(reader); }
};

} // namespace

TreeExtractor::TreeExtractor(const std::string& root, TreeStream& stream, std::vector<std::string> skip,
                             TreeManifest& manifest, FileReadBack& readBack, StepProgress& progress,
                             const std::stop_token& stop)
    : root_(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)), stream_(stream), skip_(std::move(skip)),
      manifest_(manifest), readBack_(readBack), progress_(progress), stop_(stop)
{
    if (!root_)
        fail(root, "opening", errno);
}

long TreeExtractor::readCallback(archive* reader, void* self, const void** bytes)
{
    auto* extractor = static_cast<TreeExtractor*>(self);
    try {
        const std::span<const std::byte> block = extractor->stream_.next();
        extractor->progress_.add(block.size());
        *bytes = block.data();
        return static_cast<long>(block.size());
    } catch (...) { // must not cross C code
        extractor->streamFailure_ = std::current_exception();
        archive_set_error(reader, EIO, "the stream ended");
        return -1;
    }
}

void TreeExtractor::run()
{
    if (std::setlocale(LC_CTYPE, "C.UTF-8") == nullptr) // names of pax archives are UTF-8
        throw Error(ErrorCode::AgentFailed, "the RAM disk has no locale C.UTF-8",
                    "is it of the same version as bmd? build it again");
    const std::unique_ptr<archive, ReadFreer> reader(archive_read_new());
    archive_read_support_format_tar(reader.get());
    archive_read_set_options(reader.get(), "!mac-ext");
    int found = archive_read_open(reader.get(), this, nullptr, readCallback, nullptr);
    archive_entry* entry = nullptr;
    while (found == ARCHIVE_OK && (found = archive_read_next_header(reader.get(), &entry)) == ARCHIVE_OK) {
        if (stop_.stop_requested())
            throw Error(ErrorCode::Aborted, "stopped while writing");
        take(reader.get(), entry);
    }
    if (streamFailure_)
        std::rethrow_exception(streamFailure_);
    if (found != ARCHIVE_EOF)
        notOurs(archive_error_string(reader.get()));
    finishFolders();
}

bool TreeExtractor::isSkipped(std::string_view path) const
{
    return std::ranges::any_of(skip_, [&](const std::string& skip) {
        return path.size() > skip.size() && path.starts_with(skip) && path[skip.size()] == '/';
    });
}

Fd TreeExtractor::openBeneath(const std::string& path, std::uint64_t flags) const
{
    open_how how{};
    how.flags = flags | O_CLOEXEC;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    const auto fd = static_cast<int>(
        ::syscall(SYS_openat2, root_.get(), path.empty() ? "." : path.c_str(), &how, sizeof how));
    if (fd < 0)
        fail(path, "opening", errno);
    return Fd(fd);
}

int TreeExtractor::parentOf(const std::string& path)
{
    const std::size_t slash = path.rfind('/');
    const std::string parent = slash == std::string::npos ? std::string() : path.substr(0, slash);
    if (parent != parentPath_) {
        parent_ = openBeneath(parent, O_RDONLY | O_DIRECTORY);
        parentPath_ = parent;
    }
    return parent_.get();
}

void TreeExtractor::take(archive* reader, archive_entry* entry)
{
    const std::string path = pathOf(archive_entry_pathname(entry));
    if (isSkipped(path)) {
        ++skipped_;
        return;
    }
    ++entries_;
    if (const char* target = archive_entry_hardlink(entry)) {
        makeLink(path, pathOf(target));
        return;
    }
    EntryFacts facts = factsOf(entry);
    if (S_ISDIR(facts.mode)) {
        makeFolder(path, std::move(facts));
        return;
    }
    const int parent = parentOf(path);
    const std::string name = lastPart(path);
    if (S_ISREG(facts.mode)) {
        makeFile(reader, parent, name, path, std::move(facts));
        return;
    }
    if (S_ISLNK(facts.mode))
        makeSymlink(parent, name, path, facts);
    else
        makeNode(parent, name, path, facts);
    manifest_.add(path, facts);
}

/// finishFolders() sets its attributes: its time changes with its entries, which would inherit its default
/// ACL.
void TreeExtractor::makeFolder(const std::string& path, EntryFacts facts)
{
    if (!path.empty() && ::mkdirat(parentOf(path), lastPart(path).c_str(), 0700) != 0 && errno != EEXIST)
        fail(path, "making the folder", errno);
    openBeneath(path, O_RDONLY | O_DIRECTORY); // an existing one must be a folder, not a link to one
    manifest_.add(path, facts);
    folders_.push_back({path, std::move(facts)});
}

void TreeExtractor::finishFolders()
{
    for (auto folder = folders_.rbegin(); folder != folders_.rend(); ++folder) {
        const Fd fd = openBeneath(folder->path, O_RDONLY | O_DIRECTORY);
        dress(fd.get(), folder->path, folder->facts);
    }
}

void TreeExtractor::makeFile(archive* reader, int parent, const std::string& name, const std::string& path,
                             EntryFacts facts)
{
    Fd fd(::openat(parent, name.c_str(), O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd)
        fail(path, "creating", errno);
    copyContent(reader, fd.get(), path, facts);
    dress(fd.get(), path, facts);
    const std::size_t entry = manifest_.add(path, facts);
    if (facts.size > 0)
        readBack_.add({entry, path, std::move(fd), std::move(facts)});
}

void TreeExtractor::copyContent(archive* reader, int fd, const std::string& path, EntryFacts& facts)
{
    hash_.reset();
    std::uint64_t at = 0;
    const void* bytes = nullptr;
    std::size_t count = 0;
    la_int64_t offset = 0;
    int found = ARCHIVE_OK;
    while ((found = archive_read_data_block(reader, &bytes, &count, &offset)) == ARCHIVE_OK) {
        const auto begin = static_cast<std::uint64_t>(offset);
        if (begin < at || begin > facts.size || count > facts.size - begin)
            notOurs("'" + path + "' has other bytes than declared");
        hash_.zeros(begin - at);
        hash_.update({static_cast<const std::byte*>(bytes), count});
        for (std::size_t done = 0; done < count;) {
            const ssize_t some = ::pwrite(fd, static_cast<const char*>(bytes) + done, count - done,
                                          static_cast<off_t>(begin + done));
            check(static_cast<int>(some < 0 ? -1 : 0), path, "writing");
            done += static_cast<std::size_t>(some);
        }
        at = begin + count;
    }
    if (streamFailure_)
        std::rethrow_exception(streamFailure_);
    if (found != ARCHIVE_EOF)
        notOurs(archive_error_string(reader));
    hash_.zeros(facts.size - at);
    if (at < facts.size)
        check(::ftruncate(fd, static_cast<off_t>(facts.size)), path, "setting the length");
    if (facts.size >= kFlushedAtOnce) // starts the disk's work early and does not wait
        ::sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
    facts.content = hash_.value();
    contentBytes_ += facts.size;
}

void TreeExtractor::makeLink(const std::string& path, const std::string& target)
{
    const Fd there =
        openBeneath(target.find('/') == std::string::npos ? "" : target.substr(0, target.rfind('/')),
                    O_RDONLY | O_DIRECTORY);
    struct stat status {};
    check(::fstatat(there.get(), lastPart(target).c_str(), &status, AT_SYMLINK_NOFOLLOW), target,
          "reading the link's target");
    if (S_ISDIR(status.st_mode))
        notOurs("'" + path + "' is a hard link to a folder");
    check(::linkat(there.get(), lastPart(target).c_str(), parentOf(path), lastPart(path).c_str(), 0), path,
          "linking");
    manifest_.addLink(path, target);
}

void TreeExtractor::makeSymlink(int parent, const std::string& name, const std::string& path,
                                const EntryFacts& facts)
{
    check(::symlinkat(facts.target.c_str(), parent, name.c_str()), path, "making the symlink");
    check(::fchownat(parent, name.c_str(), facts.uid, facts.gid, AT_SYMLINK_NOFOLLOW), path,
          "setting the owner");
    attributesAndTime(parent, name, path, facts);
}

/// A device node or a named pipe. Opening it would access the device.
void TreeExtractor::makeNode(int parent, const std::string& name, const std::string& path,
                             const EntryFacts& facts)
{
    if (!S_ISFIFO(facts.mode) && !S_ISCHR(facts.mode) && !S_ISBLK(facts.mode))
        notOurs("'" + path + "' is of an unknown kind");
    check(::mknodat(parent, name.c_str(), (facts.mode & S_IFMT) | 0600, facts.device), path,
          "making the node");
    check(::fchownat(parent, name.c_str(), facts.uid, facts.gid, AT_SYMLINK_NOFOLLOW), path,
          "setting the owner");
    check(::fchmodat(parent, name.c_str(), facts.mode & 07777U, 0), path, "setting the mode");
    attributesAndTime(parent, name, path, facts);
}

} // namespace bm::agent

#include "agent/capture/tree_archive.h"

#include "agent/capture/pax_header.h"
#include "agent/files/attributes.h"
#include "common/model/error.h"
#include "common/platform/files.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <map>
#include <optional>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace bm::agent {

namespace fs = std::filesystem;
using model::Error;
using model::ErrorCode;
using platform::Fd;

namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 20U;

[[noreturn]] void unreadable(const std::string& path, int error)
{
    throw Error(ErrorCode::DiskFailed,
                fmt::format("reading /{} failed: {}", path, std::generic_category().message(error)),
                "check the disk: bm node show NODE; fsck on the machine");
}

/// The extents of a file with data, as its file system reports them.
std::vector<ContentRange> contentOf(int fd, off_t size)
{
    std::vector<ContentRange> whole{{0, static_cast<std::uint64_t>(size)}};
    std::vector<ContentRange> out;
    for (off_t at = 0; at < size;) {
        const off_t begin = ::lseek(fd, at, SEEK_DATA);
        if (begin < 0)
            return errno == ENXIO ? out : whole;
        const off_t end = ::lseek(fd, begin, SEEK_HOLE);
        if (end <= begin)
            return whole;
        out.push_back({static_cast<std::uint64_t>(begin), static_cast<std::uint64_t>(std::min(end, size))});
        at = end;
    }
    return out;
}

std::string targetOf(const std::string& path, const std::string& full)
{
    std::array<char, 4097> target{};
    if (::readlink(full.c_str(), target.data(), target.size() - 1) < 0)
        unreadable(path, errno);
    return target.data();
}

std::vector<std::string> namesIn(const std::string& path, const std::string& full)
{
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator at(full, error), end; !error && at != end; at.increment(error))
        names.push_back(at->path().filename().string());
    if (error)
        unreadable(path, error.value());
    std::ranges::sort(names);
    return names;
}

PaxEntry entryOf(const std::string& path, const struct stat& status)
{
    PaxEntry entry;
    entry.path = path.empty() ? "." : path;
    if (S_ISDIR(status.st_mode))
        entry.path += '/';
    entry.mode = status.st_mode;
    entry.uid = status.st_uid;
    entry.gid = status.st_gid;
    entry.seconds = status.st_mtim.tv_sec;
    entry.nanoseconds = static_cast<std::uint32_t>(status.st_mtim.tv_nsec);
    return entry;
}

} // namespace

/// One pass over all parts.
class TreeArchive::Walk {
public:
    /// @param sink  empty: only counts the length
    Walk(const Sink* sink, const std::stop_token& stop) : sink_(sink), stop_(stop), piece_(kPieceBytes) {}

    void add(const ArchivePart& part) { visit(part, part.prefix, part.folder.string()); }
    void finish() { zeros(kPaxEndBytes); }
    std::size_t entries() const { return entries_; }
    std::uint64_t bytes() const { return bytes_; }

private:
    void put(std::span<const std::byte> bytes)
    {
        bytes_ += bytes.size();
        if (sink_ != nullptr && !bytes.empty())
            (*sink_)(bytes);
    }

    void zeros(std::size_t count)
    {
        static constexpr std::array<std::byte, kPaxEndBytes> kZeros{};
        put(std::span(kZeros).first(count));
    }

    void visit(const ArchivePart& part, const std::string& path, const std::string& full)
    {
        if (stop_.stop_requested())
            throw Error(ErrorCode::Aborted, "stopped while reading");
        struct stat status {};
        if (::lstat(full.c_str(), &status) != 0)
            unreadable(path, errno);
        if (S_ISSOCK(status.st_mode))
            return;
        addEntry(path, full, status);
        if (!S_ISDIR(status.st_mode))
            return;
        for (const std::string& name : namesIn(path, full)) {
            const std::string below = path.empty() ? name : fmt::format("{}/{}", path, name);
            if (!part.leftOut.contains(below) && !(path == part.prefix && name == "lost+found"))
                visit(part, below, fmt::format("{}/{}", full, name));
        }
    }

    void addEntry(const std::string& path, const std::string& full, const struct stat& status)
    {
        ++entries_;
        PaxEntry entry = entryOf(path, status);
        if (const std::optional<std::string> other = linkOf(path, status)) {
            entry.link = *other;
            entry.hardLink = true;
            header(entry);
            return;
        }
        if (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode))
            entry.device = status.st_rdev;
        if (S_ISLNK(status.st_mode))
            entry.link = targetOf(path, full);
        try {
            entry.attributes = attributesOf(full);
        } catch (const std::system_error& error) {
            unreadable(path, error.code().value());
        }
        if (S_ISREG(status.st_mode))
            addFile(std::move(entry), path, full, status.st_size);
        else
            header(entry);
    }

    /// The earlier name of the same file in the archive.
    std::optional<std::string> linkOf(const std::string& path, const struct stat& status)
    {
        if (S_ISDIR(status.st_mode) || status.st_nlink < 2)
            return {};
        const auto [found, isNew] = links_.emplace(std::pair(status.st_dev, status.st_ino), path);
        return isNew ? std::nullopt : std::optional(found->second);
    }

    void header(const PaxEntry& entry)
    {
        const std::string bytes = paxHeader(entry);
        put(std::as_bytes(std::span(bytes)));
    }

    void addFile(PaxEntry entry, const std::string& path, const std::string& full, off_t size)
    {
        const Fd fd(::open(full.c_str(), O_RDONLY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC));
        if (!fd)
            unreadable(path, errno);
        entry.size = static_cast<std::uint64_t>(size);
        entry.content = contentOf(fd.get(), size);
        const std::uint64_t content = contentBytes(entry);
        entry.sparse = content != entry.size;
        header(entry);
        if (sink_ == nullptr)
            bytes_ += content;
        else
            for (const ContentRange& range : entry.content)
                copy(path, fd.get(), range);
        zeros(paddingAfter(content));
    }

    void copy(const std::string& path, int fd, const ContentRange& range)
    {
        for (std::uint64_t at = range.begin; at < range.end;) {
            if (stop_.stop_requested())
                throw Error(ErrorCode::Aborted, "stopped while reading");
            const std::uint64_t wanted = std::min<std::uint64_t>(range.end - at, kPieceBytes);
            const ssize_t count = ::pread(fd, piece_.data(), wanted, static_cast<off_t>(at));
            if (count < 0 && errno == EINTR)
                continue;
            if (count <= 0)
                unreadable(path, count == 0 ? EIO : errno);
            put(std::span(piece_).first(static_cast<std::size_t>(count)));
            at += static_cast<std::uint64_t>(count);
        }
    }

    const Sink* sink_;
    const std::stop_token& stop_;
    std::vector<std::byte> piece_;
    std::map<std::pair<dev_t, ino_t>, std::string> links_;
    std::size_t entries_ = 0;
    std::uint64_t bytes_ = 0;
};

std::uint64_t TreeArchive::walk(const Sink* sink, const std::stop_token& stop)
{
    Walk walk(sink, stop);
    for (const ArchivePart& part : parts_)
        walk.add(part);
    walk.finish();
    entries_ = walk.entries();
    return walk.bytes();
}

std::uint64_t TreeArchive::bytes(const std::stop_token& stop)
{
    return walk(nullptr, stop);
}

void TreeArchive::write(const Sink& sink, const std::stop_token& stop)
{
    walk(&sink, stop);
}

} // namespace bm::agent

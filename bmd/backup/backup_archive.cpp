#include "bmd/backup/backup_archive.h"

#include "common/model/error.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <span>

namespace bm::bmd {
namespace {

using model::Error;
using model::ErrorCode;
namespace fs = std::filesystem;

constexpr std::size_t kChunk = std::size_t{1} << 20U;

[[noreturn]] void throwErrno(const fs::path& file, const char* what, int cause)
{
    const std::string message = fmt::format("cannot {} {}: {}", what, file.string(), std::strerror(cause));
    if (cause == ENOSPC || cause == EDQUOT)
        throw Error(ErrorCode::StoreFull, message, "free space on its file system, or write to another one");
    if (cause == ENOENT)
        throw Error(ErrorCode::NotFound, message, "check the path; bmd creates no folder for it");
    throw Error(ErrorCode::Internal, message, "check the owner and mode of the file and of its folder");
}

platform::Fd opened(const fs::path& file, int flags, const char* what)
{
    platform::Fd fd(::open(file.c_str(), flags | O_CLOEXEC, 0600));
    if (!fd)
        throwErrno(file, what, errno);
    return fd;
}

std::size_t readSome(const platform::Fd& fd, std::span<char> buffer, const fs::path& file)
{
    const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0)
        throwErrno(file, "read", errno);
    return static_cast<std::size_t>(got);
}

void writeAll(const platform::Fd& fd, std::string_view bytes, const fs::path& file)
{
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd.get(), bytes.data(), bytes.size());
        if (written < 0 && errno != EINTR)
            throwErrno(file, "write", errno);
        bytes.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
}

void refuseExisting(const fs::path& file)
{
    if (fs::exists(fs::symlink_status(file)))
        throw Error(ErrorCode::Conflict, file.string() + " exists already",
                    "choose another file name; bmd never overwrites a file");
}

} // namespace

void ArchiveWriter::Close::operator()(archive* open) const noexcept
{
    archive_write_free(open);
}

ArchiveWriter::ArchiveWriter(fs::path file)
    : file_(std::move(file)), partial_(file_.string() + ".partial"), archive_(archive_write_new())
{
    refuseExisting(file_);
    fd_ = opened(partial_, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, "create");
    platform::giveToOwner(fd_.get(), file_);
    require(archive_write_set_format_pax_restricted(archive_.get()));
    require(archive_write_open_fd(archive_.get(), fd_.get()));
}

ArchiveWriter::~ArchiveWriter()
{
    archive_.reset();
    if (fd_)
        ::unlink(partial_.c_str());
}

void ArchiveWriter::require(int result)
{
    if (result < ARCHIVE_WARN)
        throwErrno(partial_, "write", archive_errno(archive_.get()));
}

void ArchiveWriter::begin(const std::string& name, std::uint64_t size)
{
    struct Free {
        void operator()(archive_entry* entry) const noexcept { archive_entry_free(entry); }
    };
    const std::unique_ptr<archive_entry, Free> entry(archive_entry_new());
    archive_entry_set_pathname(entry.get(), name.c_str());
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), 0600);
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(size));
    require(archive_write_header(archive_.get(), entry.get()));
}

void ArchiveWriter::write(std::string_view bytes)
{
    while (!bytes.empty()) {
        const la_ssize_t written = archive_write_data(archive_.get(), bytes.data(), bytes.size());
        if (written <= 0)
            throwErrno(partial_, "write", archive_errno(archive_.get()));
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
}

void ArchiveWriter::addText(const std::string& name, std::string_view text)
{
    begin(name, text.size());
    write(text);
}

void ArchiveWriter::addFile(const std::string& name, const fs::path& source, const BytesProgress& progress)
{
    const platform::Fd in = opened(source, O_RDONLY, "read");
    struct stat status {};
    if (::fstat(in.get(), &status) != 0)
        throwErrno(source, "read", errno);
    const auto size = static_cast<std::uint64_t>(status.st_size);
    begin(name, size);
    std::vector<char> buffer(kChunk);
    std::uint64_t done = 0;
    while (done < size) {
        const std::size_t got = readSome(in, buffer, source);
        if (got == 0)
            throw Error(ErrorCode::Internal, source.string() + " shrank during the backup",
                        "repeat the backup");
        write({buffer.data(), static_cast<std::size_t>(std::min<std::uint64_t>(got, size - done))});
        done += got;
        progress(std::min(done, size), size);
    }
}

void ArchiveWriter::finish()
{
    require(archive_write_close(archive_.get()));
    if (::fsync(fd_.get()) != 0)
        throwErrno(partial_, "write", errno);
    if (::link(partial_.c_str(), file_.c_str()) != 0) // unlike rename(), link() never replaces a file
        throwErrno(file_, "create", errno);
    ::unlink(partial_.c_str());
    fd_ = {};
    const platform::Fd folder = opened(fs::absolute(file_).parent_path(), O_RDONLY | O_DIRECTORY, "open");
    ::fsync(folder.get());
}

void ArchiveReader::Close::operator()(archive* open) const noexcept
{
    archive_read_free(open);
}

ArchiveReader::ArchiveReader(fs::path file) : file_(std::move(file)), archive_(archive_read_new())
{
    opened(file_, O_RDONLY, "read"); // reports a clearer error than libarchive
    archive_read_support_format_tar(archive_.get());
    if (archive_read_open_filename(archive_.get(), file_.c_str(), kChunk) != ARCHIVE_OK)
        throw Error(ErrorCode::InvalidInput,
                    file_.string() + " is not a backup of bm: it is not a tar archive",
                    "use a file from bmd db backup");
}

void ArchiveReader::fail()
{
    throw Error(
        ErrorCode::InvalidInput,
        fmt::format("{} is damaged or truncated: {}", file_.string(), archive_error_string(archive_.get())),
        "use another copy of the backup");
}

std::optional<std::string> ArchiveReader::next()
{
    const bool first = entry_ == nullptr;
    const int result = archive_read_next_header(archive_.get(), &entry_);
    if (result == ARCHIVE_EOF)
        return std::nullopt;
    if (result < ARCHIVE_WARN && first)
        throw Error(ErrorCode::InvalidInput,
                    file_.string() + " is not a backup of bm: it is not a tar archive",
                    "use a file from bmd db backup");
    if (result < ARCHIVE_WARN)
        fail();
    if (archive_entry_filetype(entry_) != AE_IFREG)
        throw Error(ErrorCode::InvalidInput,
                    file_.string() + " is not a backup of bm: it contains entries other than files",
                    "use a file from bmd db backup");
    return archive_entry_pathname(entry_);
}

std::string ArchiveReader::text(std::size_t limitBytes)
{
    const auto size = static_cast<std::size_t>(archive_entry_size(entry_));
    if (size > limitBytes)
        throw Error(ErrorCode::InvalidInput, file_.string() + " is not a backup of bm: an entry is too long",
                    "use a file from bmd db backup");
    std::string text(size, '\0');
    if (archive_read_data(archive_.get(), text.data(), size) != static_cast<la_ssize_t>(size))
        fail();
    return text;
}

void ArchiveReader::extract(const fs::path& target, const BytesProgress& progress)
{
    refuseExisting(target);
    const platform::Fd out = opened(target, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, "create");
    platform::giveToOwner(out.get(), target);
    const auto size = static_cast<std::uint64_t>(archive_entry_size(entry_));
    std::vector<char> buffer(kChunk);
    for (std::uint64_t done = 0; done < size;) {
        const la_ssize_t got = archive_read_data(archive_.get(), buffer.data(), buffer.size());
        if (got <= 0)
            fail();
        writeAll(out, {buffer.data(), static_cast<std::size_t>(got)}, target);
        done += static_cast<std::uint64_t>(got);
        progress(done, size);
    }
    if (::fsync(out.get()) != 0)
        throwErrno(target, "write", errno);
}

} // namespace bm::bmd

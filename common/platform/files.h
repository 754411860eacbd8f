#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace bm::platform {

/// Owns a descriptor and closes it.
class Fd {
public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept;
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    ~Fd();
    int get() const { return fd_; }
    int release() { return std::exchange(fd_, -1); }
    explicit operator bool() const { return fd_ >= 0; }

private:
    int fd_ = -1;
};

/// The whole file. @throws Error NotFound, InvalidInput (a folder), TooLarge (over @p limitBytes), Internal
std::string readFile(const std::filesystem::path& path,
                     std::size_t limitBytes = std::size_t{16} * 1024 * 1024);
/// The exposure of the secret in @p path: "can be read by every user (mode 0644)". Nothing if only its owner
/// and readers of its group reach it, and for a pipe or another special file.
std::optional<std::string> exposureOf(const std::filesystem::path& path);
/// @throws Error InvalidInput for a file with an exposure
void requirePrivate(const std::filesystem::path& path);
/// readFile() for a file with a secret, which is private.
std::string readSecretFile(const std::filesystem::path& path, std::size_t limitBytes);
/// Gives a file that root made to the owner of @p path, or of its folder, so that the service's user can
/// still read it after `sudo bmd --set-user`. Does nothing for other users.
void giveToOwner(int fd, const std::filesystem::path& path);
enum class LockShare : bool { Exclusive, Shared };
/// Locks @p file (flock(2)), which it creates with mode 0600 and never deletes. The lock ends with the
/// descriptor or the process; a program that this process starts does not hold it. Does not wait.
/// @return no descriptor where another holder excludes this one. @throws Error for a file that cannot be
/// opened
Fd lockFile(const std::filesystem::path& file, LockShare share);
/// Replaces the file as a whole: writes a temporary file beside it, calls fsync, renames it. @p mode as for
/// open(2). The file keeps its owner; a new file gets the folder's.
void writeFileAtomically(const std::filesystem::path& path, std::string_view text, unsigned mode = 0644);
/// A new folder below TMPDIR; the destructor removes it with its content.
class TemporaryFolder {
public:
    explicit TemporaryFolder(std::string_view prefix = "bm");
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

} // namespace bm::platform

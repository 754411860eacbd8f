#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

namespace bm::platform {

/// Owns a descriptor; closes it at the end.
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

/// The whole file. @throws Error NotFound, TooLarge (over @p limitBytes), Internal
std::string readFile(const std::filesystem::path& path,
                     std::size_t limitBytes = std::size_t{16} * 1024 * 1024);
/// Root's new file becomes the one's who owns @p path, or its folder: `sudo bmd --set-user` does not take a
/// file away from the service's user. For others: nothing.
void giveToOwner(int fd, const std::filesystem::path& path);
/// Whole or not at all: a temporary file beside it, fsync, rename. @p mode as for open(2). The owner stays,
/// or is the folder's.
void writeFileAtomically(const std::filesystem::path& path, std::string_view text, unsigned mode = 0644);
/// A fresh folder below TMPDIR, removed with all in it at the end.
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

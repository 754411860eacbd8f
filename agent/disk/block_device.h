#pragma once
#include "common/platform/files.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <stop_token>
#include <string>
#include <system_error>

namespace bm::agent {

/// A disk, or a regular file in place of one, opened exclusively (O_EXCL) and without the page cache
/// (O_DIRECT where the file system supports it). Offsets, lengths and buffers are multiples of sectorBytes().
/// write, read and zero are thread-safe.
class BlockDevice {
public:
    enum class Access : std::uint8_t { Read, Write };
    /// @throws Error DiskNotFound, Conflict (in use; names the holders), DiskFailed
    BlockDevice(std::filesystem::path path, Access access);

    const std::filesystem::path& path() const { return path_; }
    std::uint64_t sizeBytes() const { return sizeBytes_; }
    std::uint32_t sectorBytes() const { return sectorBytes_; }
    bool isBlock() const { return isBlock_; }

    /// All @throws Error DiskFailed naming the offset.
    void write(std::uint64_t offset, std::span<const std::byte> bytes);
    void read(std::uint64_t offset, std::span<std::byte> bytes) const;
    /// Reads of this range give zeros afterwards: BLKZEROOUT, or a hole punched into a file, or zeros
    /// written. A discard would not do: it may leave old bytes. @throws Error Aborted
    void zero(std::uint64_t offset, std::uint64_t length, const std::stop_token& stop = {});
    /// Plain: BLKDISCARD, or a hole punched into a file. The later content depends on the device.
    /// Secure: BLKSECDISCARD, which erases old copies inside the device, too. Fails on files.
    /// @return the system's error; not every device supports it
    enum class Discard : std::uint8_t { Plain, Secure };
    std::error_code discard(std::uint64_t offset, std::uint64_t length, Discard how);
    /// Writes everything to the medium (fsync) and drops the kernel's buffers, so that the next read comes
    /// from the medium.
    void flush();
    /// Makes the kernel read the partition table again. @return false when the kernel refuses because the
    /// disk is in use
    bool rereadPartitions();

private:
    bool zeroFast(std::uint64_t offset, std::uint64_t length);
    void writeZeros(std::uint64_t offset, std::uint64_t length);
    [[noreturn]] void failed(const char* doing, std::uint64_t offset, int error) const;
    void measure();

    std::filesystem::path path_;
    platform::Fd fd_;
    std::uint64_t sizeBytes_ = 0;
    std::uint32_t sectorBytes_ = 512;
    bool isBlock_ = false;
};

/// "vda1 (mounted or claimed), md127": the holders of /dev/vda, by sysfs; "" where sysfs names none.
std::string holdersOf(const std::filesystem::path& disk);

} // namespace bm::agent

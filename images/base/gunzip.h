#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace bm::images {

/// Fills a part of the buffer. @return bytes read; 0 at the end, negative on failure
using ReadSome = std::function<std::ptrdiff_t(std::span<unsigned char>)>;
/// Writes all bytes. @return false to stop
using WriteAll = std::function<bool(std::span<const unsigned char>)>;

/// The end of a gzip file.
struct GunzipEnd {
    std::string failure;            ///< "" on success, also when the writing stopped
    std::uint64_t ignoredBytes = 0; ///< behind the last member
};

/// Decompresses a gzip file of one or more members (RFC 1952). Checks length and CRC of each member, which
/// libarchive 3.6 does not. Ignores what follows the last member, as gzip(1) does: zeros, and at most 1 MiB
/// of other bytes, such as OpenWrt's metadata and signature. More than that is a damaged member.
GunzipEnd gunzip(const ReadSome& read, const WriteAll& write);

} // namespace bm::images

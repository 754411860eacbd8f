#pragma once
#include <cstddef>
#include <functional>
#include <span>
#include <string>

namespace bm::images {

/// Fills a part of the buffer. @return bytes read; 0 at the end, negative on failure
using ReadSome = std::function<std::ptrdiff_t(std::span<unsigned char>)>;
/// Writes all bytes. @return false to stop
using WriteAll = std::function<bool(std::span<const unsigned char>)>;

/// Decompresses a gzip file of one or more members (RFC 1952). Checks length and CRC of each member, which
/// libarchive 3.6 does not. Zeros after the last member are padding.
/// @return "" on success, also when @p write stopped; else the error
std::string gunzip(const ReadSome& read, const WriteAll& write);

} // namespace bm::images

#pragma once
#include <cstddef>
#include <functional>
#include <span>
#include <string>

namespace bm::images {

/// Fills a part of the buffer; 0 at the end, negative on failure.
using ReadSome = std::function<std::ptrdiff_t(std::span<unsigned char>)>;
/// Takes all; false ends the work.
using WriteAll = std::function<bool(std::span<const unsigned char>)>;

/// Unpacks a gzip file of one or more members (RFC 1952), checking length and CRC of each, which
/// libarchive 3.6 does not. Zeros behind the last member are padding.
/// @return "" when whole (or ended by @p write), else what is wrong
std::string gunzip(const ReadSome& read, const WriteAll& write);

} // namespace bm::images

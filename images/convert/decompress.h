#pragma once
#include "images/base/convert_exit.h"

#include <cstdint>

namespace bm::images {

/// gz, xz, bz2, zst, lz4, lzma, lzip, lzop or compress from stdin to stdout, told by content; at most @p
/// limitBytes come out.
ConvertExit decompress(std::uint64_t limitBytes);

} // namespace bm::images

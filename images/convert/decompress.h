#pragma once
#include "images/base/convert_exit.h"

#include <cstdint>

namespace bm::images {

/// Decompresses gz, xz, bz2, zst, lz4, lzma, lzip, lzop or compress from stdin to stdout. The content
/// determines the format. Stops with TooLarge beyond @p limitBytes of output. Prints to stderr which bytes
/// behind the end of a gzip or xz file it ignored (docs/images.md).
ConvertExit decompress(std::uint64_t limitBytes);

} // namespace bm::images

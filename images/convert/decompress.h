#pragma once
#include "images/base/convert_exit.h"

#include <cstdint>

namespace bm::images {

/// Decompresses gz, xz, bz2, zst, lz4, lzma, lzip, lzop or compress from stdin to stdout. The content
/// determines the format. Stops with TooLarge beyond @p limitBytes of output.
ConvertExit decompress(std::uint64_t limitBytes);

} // namespace bm::images

#pragma once
#include <cstdint>

namespace bm::images {

/// How bm-convert ends; its parent tells causes apart by these, texts are on stderr.
enum class ConvertExit : std::uint8_t {
    Done = 0,
    Usage = 64,
    Corrupt = 65,     ///< the stream is broken or cut off
    TooLarge = 66,    ///< it would expand beyond the limit
    NotConfined = 67, ///< the sandbox could not be made
    NotStarted = 68,  ///< no such program
    WriteFailed = 69, ///< nobody reads
    Unsupported = 70, ///< what this cannot take, or will not: told on stderr
    NeedsPlain = 71,  ///< layers inside a compressed archive: unpack that first
};

} // namespace bm::images

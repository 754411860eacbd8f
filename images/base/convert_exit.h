#pragma once
#include <cstdint>
#include <string_view>

namespace bm::images {

/// Exit codes of bm-convert. The parent decides by them; stderr has the text.
enum class ConvertExit : std::uint8_t {
    Done = 0,
    Usage = 64,
    Corrupt = 65,     ///< the stream is damaged or truncated
    TooLarge = 66,    ///< the output would exceed the limit
    NotConfined = 67, ///< the sandbox could not be created
    NotStarted = 68,  ///< no such program
    WriteFailed = 69, ///< the reader of the output is gone
    Unsupported = 70, ///< an unsupported source; stderr names the reason
    NeedsPlain = 71,  ///< layers inside a compressed archive, which must be decompressed first
    NoLandlock = 72,  ///< the kernel lacks Landlock, and --without-landlock was not given
};

/// Begins the line of stderr with which `bm-convert decompress` says what it left out.
inline constexpr std::string_view kIgnoredNote = "ignored ";

} // namespace bm::images

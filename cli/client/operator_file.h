#pragma once
#include "common/platform/files.h"

#include <string>

namespace bm::cli {

/// Reads the file that an option names; "-" is standard input.
/// @throws Error NotFound, InvalidInput (a folder), TooLarge
inline std::string readOperatorFile(const std::string& file, std::size_t limitBytes = std::size_t{16} << 20U)
{
    return platform::readFile(file == "-" ? "/dev/stdin" : file, limitBytes);
}

} // namespace bm::cli

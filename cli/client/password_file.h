#pragma once
#include "common/platform/files.h"

#include <string>

namespace bm::cli {

/// Reads a password from a file and drops the trailing line end. @throws Error NotFound, TooLarge
inline std::string readPasswordFile(const std::string& file)
{
    std::string password = platform::readFile(file, 4096);
    while (!password.empty() && (password.back() == '\n' || password.back() == '\r'))
        password.pop_back();
    return password;
}

} // namespace bm::cli

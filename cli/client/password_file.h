#pragma once
#include "common/platform/files.h"

#include <string>

namespace bm::cli {

/// A password from a file, without the end of its line. @throws Error NotFound, TooLarge
inline std::string readPasswordFile(const std::string& file)
{
    std::string password = platform::readFile(file, 4096);
    while (!password.empty() && (password.back() == '\n' || password.back() == '\r'))
        password.pop_back();
    return password;
}

} // namespace bm::cli

#pragma once
#include "common/platform/files.h"

#include <iostream>
#include <optional>
#include <string>

namespace bm::cli {

/// Reads a password from a file and drops the trailing line end. Warns on stderr when other users can reach
/// the file. @throws Error NotFound, TooLarge
inline std::string readPasswordFile(const std::string& file)
{
    if (const std::optional<std::string> exposure = platform::exposureOf(file))
        std::cerr << "bm: warning: " << file << " holds a secret and " << *exposure << "; chmod 0600 it\n";
    std::string password = platform::readFile(file, 4096);
    while (!password.empty() && (password.back() == '\n' || password.back() == '\r'))
        password.pop_back();
    return password;
}

} // namespace bm::cli

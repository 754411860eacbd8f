#pragma once
#include <string>

namespace bm::cli {

/// Returns a public ssh key without its line end. @p given is the key itself or the path of its file.
/// @throws Error NotFound (no such file), InvalidInput (the file holds a private key)
std::string sshKey(const std::string& given);

} // namespace bm::cli

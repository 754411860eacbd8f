#pragma once
#include <string>

namespace bm::cli {

/// A public ssh key given as itself or as the file that holds it, without the end of its line.
/// @throws Error NotFound (no such file), InvalidInput (it is a private key)
std::string sshKey(const std::string& given);

} // namespace bm::cli

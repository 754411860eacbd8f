#pragma once
#include <string>
#include <vector>

namespace bm::cli {

/// Returns the public ssh keys of an --ssh-key argument, one a line, without comments. @p given is a key, the
/// path of a file in the form of authorized_keys (- is standard input), or a folder, whose *.pub files are
/// read in the order of their names.
/// @throws Error NotFound (no such file), InvalidInput (a private key, another file, no key at all)
std::vector<std::string> sshKeys(const std::string& given);

} // namespace bm::cli

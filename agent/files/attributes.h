#pragma once
#include <map>
#include <string>

namespace bm::agent {

/// Extended attributes by name, in the kernel's form; includes ACLs (system.posix_acl_access).
using Attributes = std::map<std::string, std::string, std::less<>>;

/// The attributes of @p path itself; follows no link. Empty when the file system supports none.
/// @throws std::system_error
Attributes attributesOf(const std::string& path);

} // namespace bm::agent

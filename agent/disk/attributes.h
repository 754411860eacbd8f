#pragma once
#include <map>
#include <string>

namespace bm::agent {

/// Extended attributes by name; ACLs are among them (system.posix_acl_access), as the kernel shows them.
using Attributes = std::map<std::string, std::string, std::less<>>;

/// Those of @p path itself, no link followed; none where the file system has none.
/// @throws std::system_error
Attributes attributesOf(const std::string& path);

} // namespace bm::agent

#pragma once
#include <archive_entry.h>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace bm::images {

/// Ids of the names in ACLs, since GNU tar stores names only. They come from the tree's own /etc/passwd and
/// /etc/group.
struct AclNames {
    std::map<std::string, std::uint32_t, std::less<>> users{};
    std::map<std::string, std::uint32_t, std::less<>> groups{};

    /// Parses lines of passwd(5) or group(5): name, any field, number. Skips other lines.
    static std::map<std::string, std::uint32_t, std::less<>> read(std::string_view text);
};

/// Converts the ACLs of @p entry to the extended attributes of Linux (system.posix_acl_access, version 2:
/// include/uapi/linux/posix_acl_xattr.h), and sets its mode as the kernel would. Drops an access ACL that
/// equals the mode, as the kernel does.
/// @throws Refusal: an NFSv4 ACL, a name that the tree lacks, an ACL that the kernel would refuse
void convertAcls(archive_entry* entry, const std::string& path, const AclNames& names);

} // namespace bm::images

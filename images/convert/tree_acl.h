#pragma once
#include <archive_entry.h>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace bm::images {

/// Who is meant by the names in ACLs: GNU tar stores no numbers. From the tree's own /etc/passwd and
/// /etc/group.
struct AclNames {
    std::map<std::string, std::uint32_t, std::less<>> users{};
    std::map<std::string, std::uint32_t, std::less<>> groups{};

    /// Lines as in passwd(5) or group(5): name, anything, number. What is no such line is passed over.
    static std::map<std::string, std::uint32_t, std::less<>> read(std::string_view text);
};

/// Turns the ACLs of @p entry into extended attributes as Linux has them (system.posix_acl_access, version 2:
/// include/uapi/linux/posix_acl_xattr.h), and its mode into what the kernel makes of them. An access ACL that
/// says no more than the mode is dropped, as the kernel does.
/// @throws Refusal: an NFSv4 ACL, a name that the tree does not have, an ACL that the kernel would refuse
void settleAcls(archive_entry* entry, const std::string& path, const AclNames& names);

} // namespace bm::images

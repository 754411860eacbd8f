#include "agent/files/attributes.h"

#include <cerrno>
#include <cstddef>
#include <sys/xattr.h>
#include <system_error>
#include <vector>

namespace bm::agent {
namespace {

constexpr std::size_t kLongest = std::size_t{64} * 1024; ///< XATTR_SIZE_MAX, XATTR_LIST_MAX

[[noreturn]] void fail(const std::string& path)
{
    throw std::system_error(errno, std::generic_category(), path);
}

} // namespace

Attributes attributesOf(const std::string& path)
{
    Attributes out;
    std::vector<char> names(kLongest);
    const ssize_t length = ::llistxattr(path.c_str(), names.data(), names.size());
    if (length < 0 && errno != EOPNOTSUPP)
        fail(path);
    for (ssize_t at = 0; at < length;) {
        const std::string name(names.data() + at);
        at += static_cast<ssize_t>(name.size()) + 1;
        if (name.starts_with("trusted.SGI_ACL_")) // XFS shows each ACL twice
            continue;
        std::string value(kLongest, '\0');
        const ssize_t count = ::lgetxattr(path.c_str(), name.c_str(), value.data(), value.size());
        if (count < 0)
            fail(path);
        value.resize(static_cast<std::size_t>(count));
        out.emplace(name, std::move(value));
    }
    return out;
}

} // namespace bm::agent

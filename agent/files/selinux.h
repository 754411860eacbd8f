#pragma once
#include <string_view>

namespace bm::agent {

/// True if a system with this /etc/selinux/config (selinux_config(5); empty: no such file) uses SELinux:
/// enforcing or permissive.
bool usesSelinux(std::string_view config);

/// A file in the root folder with which such a system gives every file its label at its next start
/// (selinux-autorelabel.service). The RAM disk has no policy, so what it writes has no labels.
inline constexpr const char* kRelabelMark = ".autorelabel";

} // namespace bm::agent

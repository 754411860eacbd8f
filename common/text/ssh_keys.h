#pragma once
#include <string_view>
#include <vector>

namespace bm::text {

/// The public keys of @p text in the form of authorized_keys (sshd(8)): one a line. Leaves out blank lines,
/// comments (#), the blanks at both ends of a line, and a byte order mark at the begin.
std::vector<std::string_view> sshKeyLines(std::string_view text);

/// True if @p line is a public key: the name of a key type and a further word, options before them.
bool isSshKey(std::string_view line) noexcept;

} // namespace bm::text

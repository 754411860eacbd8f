#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace bm::text {

/// The public keys of @p text in the form of authorized_keys (sshd(8)): one a line. Leaves out blank lines,
/// comments (#), the blanks at both ends of a line, and a byte order mark at the begin.
std::vector<std::string_view> sshKeyLines(std::string_view text);

/// True if @p line has the form of a public key: the name of a key type and a further word, options before
/// them.
bool isSshKey(std::string_view line) noexcept;

/// The reason why OpenSSH ignores @p line of an authorized_keys file; empty for a key that it takes. Decodes
/// the key (RFC 4253, section 6.6; RFC 5656; RFC 8709; OpenSSH's PROTOCOL.u2f): base64, the type, the length
/// of each part.
std::string sshKeyFault(std::string_view line);

} // namespace bm::text

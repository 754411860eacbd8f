#pragma once
#include "common/text/base64.h"

#include <string>

namespace bm::tests {

/// A public key of the type ssh-ed25519 whose bytes are @p filling: a key that OpenSSH takes, and nobody has.
inline std::string sshKey(char filling = 'A')
{
    using namespace std::string_literals;
    return "ssh-ed25519 " + text::toBase64("\0\0\0\x0bssh-ed25519\0\0\0\x20"s + std::string(32, filling));
}

} // namespace bm::tests

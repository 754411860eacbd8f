#pragma once
#include <string>

namespace bm::platform {

/// A password as /etc/shadow holds it: crypt(3) with SHA-512 ("$6$...") and a random salt. Takes some
/// milliseconds. @throws Error Internal when the system's crypt does not know the method
std::string cryptPassword(const std::string& password);

} // namespace bm::platform

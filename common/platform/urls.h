#pragma once
#include <string>

namespace bm::platform {

/// @p url as it may be shown: without user, password and query, any of which may be a secret.
std::string shownUrl(const std::string& url);
/// Whether its host is this machine's loopback, by name or address.
bool isLoopbackUrl(const std::string& url);

} // namespace bm::platform

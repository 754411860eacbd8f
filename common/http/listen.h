#pragma once
#include "common/platform/files.h"

#include <cstdint>
#include <string>

namespace bm::http {

/// A non-blocking, listening TCP socket. @throws Error Conflict (port taken), InvalidInput (no such address),
/// Forbidden
platform::Fd listenOn(const std::string& address, std::uint16_t port);

} // namespace bm::http

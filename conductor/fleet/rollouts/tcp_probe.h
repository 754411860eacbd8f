#pragma once
#include "common/model/deadline.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace bm::conductor::fleet {

/// Connects to @p port at @p address (numeric, IPv4 or IPv6) and reads the peer's first line, @p most bytes
/// at most; 0: reads nothing. @return the line
/// @throws Error Unavailable (refused, no route), DeadlineExceeded, InvalidInput (no address)
std::string probeTcp(const std::string& address, std::uint16_t port, std::size_t most,
                     const model::Deadline& deadline);

} // namespace bm::conductor::fleet

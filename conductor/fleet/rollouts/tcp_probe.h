#pragma once
#include "common/model/deadline.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace bm::conductor::fleet {

/// Connects to @p port at @p address (numeric, IPv4 or IPv6) and reads what the other side says first, until
/// a line is whole or @p most bytes came; 0: nothing is read. @return what it said
/// @throws Error Unavailable (refused, no route), DeadlineExceeded, InvalidInput (no address)
std::string probeTcp(const std::string& address, std::uint16_t port, std::size_t most,
                     const model::Deadline& deadline);

} // namespace bm::conductor::fleet

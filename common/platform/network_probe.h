#pragma once
#include "common/model/deadline.h"
#include "common/platform/outgoing_policy.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace bm::platform {

/// Reads @p file from the TFTP server at @p address (numeric; RFC 1350, octet, no options), as a machine's
/// firmware does, and discards it. Blocks; notices a stop request within a second. @return its length in
/// bytes
/// @throws Error Unavailable (no server, no such file, refused), TooLarge (64 MiB), DeadlineExceeded,
/// InvalidInput (no numeric address). For addresses of the configuration: no policy is asked.
std::uint64_t fetchByTftp(const std::string& address, std::uint16_t port, const std::string& file,
                          const model::Deadline& deadline);

/// Connects to @p port at @p address (numeric, IPv4 or IPv6) and reads the server's first line, @p most bytes
/// at most; 0: reads nothing. Blocks; notices a stop request within a second. @return the bytes read
/// @throws Error Unavailable (refused, no route), DeadlineExceeded, InvalidInput (no numeric address, or one
/// that @p reach refuses)
std::string probeTcp(const Reach& reach, const std::string& address, std::uint16_t port, std::size_t most,
                     const model::Deadline& deadline);

} // namespace bm::platform

#pragma once
#include "common/model/deadline.h"

#include <cstdint>
#include <string>

namespace bm::pxe {

/// Reads @p file from the TFTP server at @p address (RFC 1350, octet), as a machine's firmware does, and
/// throws it away. @return its bytes
/// @throws Error Unavailable (no answer; the server's own words), DeadlineExceeded, TooLarge (64 MiB)
std::uint64_t fetchByTftp(const std::string& address, std::uint16_t port, const std::string& file,
                          const model::Deadline& deadline);

} // namespace bm::pxe

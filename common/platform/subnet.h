#pragma once
#include <string>

namespace bm::platform {

/// True if @p address (IPv4 or IPv6) is in @p subnet ("10.0.0.0/8"; without a prefix: that address). False
/// for different families. @throws Error InvalidInput: no address, no subnet
bool isInSubnet(const std::string& address, const std::string& subnet);

} // namespace bm::platform

#pragma once
#include <optional>
#include <string>
#include <vector>

namespace bm::bmd {

struct InterfaceAddress {
    std::string address; ///< first IPv4 address; "" when it has none
    std::string netmask;
};

/// The addresses of the network interface @p name; nullopt when there is no such interface.
std::optional<InterfaceAddress> findInterface(const std::string& name);
std::vector<std::string> interfaceNames();

} // namespace bm::bmd

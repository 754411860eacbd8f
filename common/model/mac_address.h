#pragma once
#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace bm::model {

/// An Ethernet address in canonical form: lower case, colons ("52:54:00:12:34:56").
struct MacAddress {
    std::string text;
    auto operator<=>(const MacAddress&) const = default;
};

/// Takes colons or hyphens, either case; also BOOTIF's form with its leading "01-". Multicast and all-zero
/// are refused.
std::optional<MacAddress> macFromText(std::string_view text);
/// "01-52-54-00-12-34-56": the form of the kernel argument BOOTIF.
std::string toBootif(const MacAddress& mac);

} // namespace bm::model

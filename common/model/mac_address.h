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

/// Parses colons or hyphens in either case, and BOOTIF's form with its leading "01-".
std::optional<MacAddress> anyMacFromText(std::string_view text);
/// The address of a machine: as anyMacFromText, but nothing for multicast and all-zero addresses.
std::optional<MacAddress> macFromText(std::string_view text);
/// "01-52-54-00-12-34-56": the form of the kernel argument BOOTIF.
std::string toBootif(const MacAddress& mac);

} // namespace bm::model

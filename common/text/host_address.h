#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bm::text {

/// The address of a machine: an IP address or a host name, in canonical text. Only parse() and parseStored()
/// make one. Therefore text() never begins with '-', and has no blank, quote, control character or delimiter
/// of a URL: it may stand in an argument list.
class HostAddress {
public:
    enum class Kind : std::uint8_t { Ipv4, Ipv6, Name };

    /// Parses IPv4 as four decimal numbers; IPv6 with or without brackets, with a zone ("%eth0") where it is
    /// link-local (fe80::/10); and host names of RFC 1123, a dot at the end included. Nothing for any other
    /// text, for addresses of no machine (unspecified, multicast, broadcast), and for names that resolvers
    /// read as numbers ("127.1", "0x7f.1", "2130706433"). IPv4 inside IPv6 becomes IPv4; letters become lower
    /// case.
    static std::optional<HostAddress> parse(std::string_view text);
    /// For values that earlier versions stored: as parse(), and any other name of letters, digits and . - _
    /// that does not begin with '-', as it was typed.
    static std::optional<HostAddress> parseStored(std::string_view text);

    Kind kind() const noexcept { return kind_; }
    const std::string& text() const noexcept { return text_; } ///< "192.0.2.1", "fe80::1%eth0", "bmc-1.lab"
    /// The form for a URL: "192.0.2.1", "[fe80::1%25eth0]" (RFC 6874), "bmc-1.lab".
    std::string authority() const;
    std::string authority(std::uint16_t port) const; ///< "[2001:db8::1]:8080"
    bool operator==(const HostAddress&) const = default;

private:
    HostAddress(Kind kind, std::string text) : kind_(kind), text_(std::move(text)) {}
    static std::optional<HostAddress> ipv4From(std::string_view text);
    static std::optional<HostAddress> ipv6From(std::string_view text);
    static std::optional<HostAddress> nameFrom(std::string_view text);

    Kind kind_;
    std::string text_;
};

} // namespace bm::text

#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace bm::pxe {

/// An error that keeps dnsmasq or in.tftpd from serving: the log line's text and a hint for the operator.
struct Complaint {
    std::string text; ///< without the program's name, its process id and the transaction's
    std::string hint; ///< "" where bm knows none
};

/// Parses one line of dnsmasq's log. @return nothing when it is no complaint
std::optional<Complaint> complaintFromDnsmasq(std::string_view line);
/// Parses one datagram or line of in.tftpd. @return nothing when it is no complaint; a refused fetch is a
/// contact, no complaint
std::optional<Complaint> complaintFromTftpd(std::string_view datagram);

} // namespace bm::pxe

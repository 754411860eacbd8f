#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace bm::pxe {

/// Something that keeps dnsmasq or in.tftpd from serving, in their words, and what to do about it.
struct Complaint {
    std::string text; ///< without the program's name, its process id and the transaction's
    std::string hint; ///< "" where we know none
};

/// One line of dnsmasq's log; nothing when it is no complaint.
std::optional<Complaint> complaintFromDnsmasq(std::string_view line);
/// One datagram or line of in.tftpd; nothing when it is no complaint. A refused fetch is a contact, no
/// complaint.
std::optional<Complaint> complaintFromTftpd(std::string_view datagram);

} // namespace bm::pxe

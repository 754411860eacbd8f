#pragma once
#include "common/platform/ip_address.h"

#include <cstddef>
#include <optional>
#include <string_view>

namespace bm::http {

/// The longest header in bytes. Version 1 takes 107 at most, version 2 takes 52 and its TLVs.
inline constexpr std::size_t kProxyHeaderLimit = 4096;

/// The header that a proxy sends before the client's bytes (HAProxy's proxy-protocol.txt, versions 1 and 2).
struct ProxyHeader {
    std::size_t length = 0; ///< bytes
    /// Nothing: the proxy's own connection (LOCAL, UNKNOWN), or a client without an IP address (UNSPEC,
    /// UNIX).
    std::optional<platform::IpAddress> client{};
    std::optional<bool> https{}; ///< the client's connection to the proxy, by PP2_TYPE_SSL; nothing: not told
};

/// Parses the header at the start of @p bytes. @return nothing while it is not whole
/// @throws Error InvalidInput: no such header, a malformed one, or one over kProxyHeaderLimit
std::optional<ProxyHeader> parseProxyHeader(std::string_view bytes);

} // namespace bm::http

#pragma once
#include <string>
#include <sys/socket.h>

namespace bm::platform {

/// @p url as it may be shown: without user, password and query, any of which may be a secret.
std::string shownUrl(const std::string& url);
/// Whether its host is this machine's loopback, by name or address.
bool isLoopbackUrl(const std::string& url);
/// Whether its host is written as a link-local address (169.254.0.0/16, fe80::/10), where clouds answer with
/// credentials.
bool isLinkLocalUrl(const std::string& url);
/// The same of an address to connect to, IPv4 in IPv6 included.
bool isLinkLocal(const sockaddr& address);
/// A part of @p url; "" where it has none or is no URL.
std::string urlHost(const std::string& url);
std::string urlPath(const std::string& url); ///< decoded, without the query

} // namespace bm::platform

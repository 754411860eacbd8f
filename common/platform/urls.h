#pragma once
#include <string>
#include <string_view>
#include <sys/socket.h>

namespace bm::platform {

/// @p url for people: without user, password and query, which may be secrets.
std::string shownUrl(const std::string& url);
/// True if its host is this machine's loopback, by name or address.
bool isLoopbackUrl(const std::string& url);
/// True if its host is a link-local address (169.254.0.0/16, fe80::/10): clouds serve credentials there.
bool isLinkLocalUrl(const std::string& url);
/// True if an address to connect to is link-local, IPv4 in IPv6 included.
bool isLinkLocal(const sockaddr& address);
/// Whether it has user information: "http://name:password@host/". For templates of URLs, too.
bool hasUserInformation(std::string_view url);
/// A part of @p url; "" where it has none or is no URL.
std::string urlHost(const std::string& url);
std::string urlPath(const std::string& url); ///< decoded, without the query

} // namespace bm::platform

#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace bm::platform {

/// @p url for people: without user, password and query, which may be secrets.
std::string shownUrl(const std::string& url);
/// True if it has user information: "http://name:password@host/". For templates of URLs, too.
bool hasUserInformation(std::string_view url);
/// True if its host is this machine's loopback, as "localhost" or numeric.
bool isLoopbackUrl(const std::string& url);
struct UrlParts {
    std::string scheme;
    std::string host; ///< an IPv6 address in brackets; an IPv4 address in dotted form, however it is written
    std::uint16_t port = 0; ///< the scheme's where the URL names none; 0: unknown
};
/// All empty where @p url is not a URL.
UrlParts urlParts(const std::string& url);
/// A part of @p url; "" where it has none or is no URL.
std::string urlHost(const std::string& url);
std::string urlPath(const std::string& url); ///< decoded, without the query

} // namespace bm::platform

#include "common/platform/urls.h"

#include "common/platform/http_client.h"

#include <cctype>
#include <curl/curl.h>
#include <fmt/format.h>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>

namespace bm::platform {
namespace {

struct UrlFree {
    void operator()(CURLU* url) const { ::curl_url_cleanup(url); }
};

std::string urlPart(const std::string& url, CURLUPart part, unsigned flags = 0)
{
    const std::unique_ptr<CURLU, UrlFree> parsed(::curl_url());
    char* text = nullptr;
    if (::curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
        ::curl_url_get(parsed.get(), part, &text, flags) != CURLUE_OK)
        return {};
    std::string copy = text;
    ::curl_free(text);
    return copy;
}

} // namespace

std::string shownUrl(const std::string& url)
{
    const std::string port = urlPart(url, CURLUPART_PORT);
    return fmt::format("{}://{}{}{}{}", urlPart(url, CURLUPART_SCHEME), urlPart(url, CURLUPART_HOST),
                       port.empty() ? "" : ":", port, urlPart(url, CURLUPART_PATH));
}

bool isLoopbackUrl(const std::string& url)
{
    const std::string host = urlPart(url, CURLUPART_HOST);
    return host == "localhost" || host == "[::1]" || host.starts_with("127.");
}

bool isLinkLocal(const sockaddr& address)
{
    if (address.sa_family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
        return ntohl(v4.sin_addr.s_addr) >> 16U == 0xa9fe; // 169.254
    }
    if (address.sa_family != AF_INET6)
        return false;
    const in6_addr& v6 = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&v6))
        return v6.s6_addr[12] == 169 && v6.s6_addr[13] == 254;
    return IN6_IS_ADDR_LINKLOCAL(&v6) != 0;
}

bool isLinkLocalUrl(const std::string& url)
{
    std::string host = urlHost(url);
    if (host.starts_with('[') && host.ends_with(']'))
        host = host.substr(1, host.size() - 2);
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICHOST;
    addrinfo* found = nullptr;
    if (host.empty() || ::getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0)
        return false;
    const bool linkLocal = isLinkLocal(*found->ai_addr);
    ::freeaddrinfo(found);
    return linkLocal;
}

bool hasUserInformation(std::string_view url)
{
    const std::size_t scheme = url.find("://");
    url.remove_prefix(scheme == std::string_view::npos ? 0 : scheme + 3);
    return url.substr(0, url.find_first_of("/?#\\")).find('@') != std::string_view::npos;
}

std::string urlHost(const std::string& url)
{
    return urlPart(url, CURLUPART_HOST);
}

std::string urlPath(const std::string& url)
{
    return urlPart(url, CURLUPART_PATH, CURLU_URLDECODE);
}

std::string urlEncode(std::string_view text)
{
    std::string encoded;
    for (const char c : text) {
        if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' || c == '_' || c == '~')
            encoded += c;
        else
            encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return encoded;
}

} // namespace bm::platform

#include "common/platform/urls.h"

#include "common/platform/http_client.h"
#include "common/platform/special_networks.h"
#include "common/text/text.h"

#include <cctype>
#include <curl/curl.h>
#include <fmt/format.h>
#include <memory>
#include <optional>

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
    const std::optional<IpAddress> address = ipFromText(host);
    return host == "localhost" || (address && kindOf(*address) == AddressKind::Loopback);
}

UrlParts urlParts(const std::string& url)
{
    const std::string port = urlPart(url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    return {urlPart(url, CURLUPART_SCHEME), urlPart(url, CURLUPART_HOST),
            text::parseNumber<std::uint16_t>(port).value_or(0)};
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

#include "common/platform/urls.h"

#include "common/platform/http_client.h"

#include <cctype>
#include <curl/curl.h>
#include <fmt/format.h>
#include <memory>

namespace bm::platform {
namespace {

struct UrlFree {
    void operator()(CURLU* url) const { ::curl_url_cleanup(url); }
};

std::string urlPart(const std::string& url, CURLUPart part)
{
    const std::unique_ptr<CURLU, UrlFree> parsed(::curl_url());
    char* text = nullptr;
    if (::curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK ||
        ::curl_url_get(parsed.get(), part, &text, 0) != CURLUE_OK)
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

#include "api/core/browser_headers.h"

#include <array>
#include <string_view>
#include <utility>

namespace bm::api {
namespace {

constexpr auto kAlways = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
});

void addMissing(http::Response& response, std::string_view name, std::string_view value)
{
    if (!response.hasHeader(name))
        response.header(std::string(name), std::string(value));
}

} // namespace

void addBrowserHeaders(const http::Request& request, http::Response& response)
{
    for (const auto& [name, value] : kAlways)
        addMissing(response, name, value);
    if (request.path == "/v1" || request.path.starts_with("/v1/"))
        addMissing(response, "Cache-Control", "no-store");
}

} // namespace bm::api

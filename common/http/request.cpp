#include "common/http/request.h"

#include "common/model/error.h"

#include <array>
#include <fmt/format.h>
#include <utility>

namespace bm::http {
namespace {

constexpr auto kMethods = std::to_array<std::pair<Method, std::string_view>>({
    {Method::Get, "GET"},
    {Method::Head, "HEAD"},
    {Method::Post, "POST"},
    {Method::Put, "PUT"},
    {Method::Patch, "PATCH"},
    {Method::Delete, "DELETE"},
    {Method::Options, "OPTIONS"},
});

} // namespace

std::string_view toText(Method method) noexcept
{
    for (const auto& [known, text] : kMethods)
        if (known == method)
            return text;
    return "OTHER";
}

Method methodFromText(std::string_view text) noexcept
{
    for (const auto& [method, known] : kMethods)
        if (known == text)
            return method;
    return Method::Other;
}

const std::string& Request::pathParam(const std::string& name) const
{
    const auto found = pathParams.find(name);
    if (found == pathParams.end())
        throw model::Error(model::ErrorCode::Internal,
                           fmt::format("the route of {} has no {{{}}}", path, name));
    return found->second;
}

std::optional<std::string> Request::queryParam(std::string_view name) const
{
    for (const auto& [key, value] : query)
        if (key == name)
            return value;
    return std::nullopt;
}

} // namespace bm::http

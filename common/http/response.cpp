#include "common/http/response.h"

#include "common/http/head.h"

#include <algorithm>

namespace bm::http {

bool Response::hasHeader(std::string_view name) const
{
    return std::any_of(headers.begin(), headers.end(),
                       [&](const auto& header) { return equalIgnoringCase(header.first, name); });
}

void Response::sendJson(int code, std::string_view json)
{
    send(code, json, "application/json");
}

void Response::sendText(int code, std::string_view text, std::string_view contentType)
{
    send(code, text, contentType);
}

void Response::sendEmpty(int code)
{
    send(code, {}, {});
}

} // namespace bm::http

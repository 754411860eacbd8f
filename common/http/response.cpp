#include "common/http/response.h"

namespace bm::http {

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

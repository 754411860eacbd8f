#include "common/http/incoming.h"

#include "common/http/connection.h"
#include "common/model/error.h"

#include <fmt/format.h>

namespace bm::http {
namespace {

using model::Error;
using model::ErrorCode;

constexpr std::size_t kHeadLimit = std::size_t{32} * 1024;

/// @return true if the head is whole
bool receiveHead(Connection& connection)
{
    std::string& input = connection.input;
    const std::size_t length = headLength(input, connection.scanned);
    if ((length == 0 ? input.size() : length) > kHeadLimit)
        throw Error(ErrorCode::InvalidInput, "the request's head is longer than 32 KiB");
    connection.scanned = length == 0 ? input.size() : 0;
    if (length == 0)
        return false;
    connection.request = std::make_unique<IncomingRequest>(parseHead(input.substr(0, length)));
    input.erase(0, length);
    return true;
}

} // namespace

bool receiveRequest(Connection& connection)
{
    const bool begun = connection.request != nullptr;
    if (!begun && !receiveHead(connection))
        return false;
    IncomingRequest& request = *connection.request;
    if (!begun && (request.head.expectsContinue || request.decoder.left().value_or(0) > request.limit))
        return true;
    request.decoder.take(connection.input, request.body, request.limit + 1 - request.body.size());
    if (request.body.size() <= request.limit)
        return request.whole();
    if (request.admitted)
        throw Error(ErrorCode::TooLarge, fmt::format("the body is longer than {} bytes", request.limit));
    return true;
}

} // namespace bm::http

#include "api/core/request_values.h"

#include "common/model/error.h"
#include "common/text/lower_case.h"
#include "common/text/text.h"
#include "common/text/word_list.h"
#include "common/wire/json/json_input.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bm::api {

using model::Error;
using model::ErrorCode;

namespace {

/// Percent-encodes a query value; commas and colons remain readable.
std::string encoded(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           std::string_view("-._~,:").find(c) != std::string_view::npos;
        if (plain)
            out += c;
        else
            out += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
    return out;
}

std::optional<std::int64_t> wholeNumber(std::string_view text)
{
    return text::parseNumber<std::int64_t>(text);
}

} // namespace

wire::Version versionOf(const http::Request& request)
{
    return wire::versionFromHeader(request.header(wire::kVersionHeader));
}

void requireVersion(const http::Request& request, int minor, std::string_view what, TooOld refusal)
{
    if (versionOf(request).minor >= minor)
        return;
    const std::string hint = fmt::format("use {}: 1.{} or later", wire::kVersionHeader, minor);
    if (refusal == TooOld::NotAcceptable)
        throw Error(ErrorCode::NotAcceptable, "Request not acceptable.", hint);
    if (refusal == TooOld::NoSuchResource)
        throw Error(ErrorCode::NotFound, "Resource could not be found.", fmt::format("{}: {}", what, hint));
    const std::string message = fmt::format("The API version does not allow {}", what);
    if (refusal == TooOld::NoSuchChange)
        throw Error(ErrorCode::MethodNotAllowed, message, hint);
    const bool reads = request.method == http::Method::Get || request.method == http::Method::Head;
    const bool known = refusal == TooOld::NotAllowed || (refusal == TooOld::ChangesNotAllowed && !reads);
    throw wire::RoutingError(known ? ErrorCode::MethodNotAllowed : ErrorCode::NotFound, message, hint);
}

nlohmann::json jsonBody(http::Request& request)
{
    const std::string text = request.body();
    return text.empty() ? nlohmann::json::object() : wire::parseJson(text);
}

std::size_t limitOf(const http::Request& request, std::size_t most)
{
    const std::optional<std::string> text = request.queryParam("limit");
    if (!text)
        return most;
    if (text->size() > 18 && std::ranges::all_of(*text, text::isDigit)) // more than any list has
        return most;
    const std::optional<std::int64_t> value = wholeNumber(*text);
    if (!value || *value <= 0)
        throw Error(ErrorCode::InvalidInput, "Limit must be positive",
                    fmt::format("limit: a whole number from 1 to {}, not \"{}\"", most, text->substr(0, 40)));
    return std::min(static_cast<std::size_t>(*value), most);
}

std::int64_t numberOf(const http::Request& request, std::string_view name, std::int64_t otherwise,
                      std::int64_t most)
{
    const std::optional<std::string> text = request.queryParam(name);
    if (!text)
        return otherwise;
    const std::optional<std::int64_t> value = wholeNumber(*text);
    if (!value || *value < 0 || *value > most)
        throw Error(ErrorCode::InvalidInput, fmt::format("{}: \"{}\" is not a whole number from 0 to {}",
                                                         name, text->substr(0, 40), most));
    return *value;
}

bool flagFromText(std::string_view text, std::string_view name)
{
    return wire::asBoolean(nlohmann::json(text), name);
}

std::string sortKeyOf(const http::Request& request)
{
    const std::string key = request.queryParam("sort_key").value_or("");
    return key.empty() ? "id" : key;
}

Error notSortable(const std::string& key, const std::string& hint)
{
    return {ErrorCode::InvalidInput,
            fmt::format("The sort_key value \"{}\" is an invalid field for sorting", key.substr(0, 80)),
            hint};
}

bool detailWanted(const http::Request& request)
{
    const std::optional<std::string> flag = request.queryParam("detail");
    return flag && flagFromText(*flag, "detail");
}

std::optional<std::string> requestedFields(const http::Request& request)
{
    const std::optional<std::string> given = request.queryParam("fields");
    if (!given)
        return std::nullopt;
    if (detailWanted(request))
        throw Error(ErrorCode::InvalidInput, "Can not specify ?detail=True and fields in the same request.",
                    "Can't fetch a subset of fields with 'detail' set: leave one of both out");
    std::string names;
    for (std::string_view rest = *given; !rest.empty();) {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        if (const std::string name = model::lowerCase(text::trimmed(rest.substr(0, comma))); !name.empty())
            names += (names.empty() ? "" : ",") + name;
        rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    return names;
}

void refuseOtherQuery(const http::Request& request, std::string_view known)
{
    std::string others;
    for (const auto& [key, value] : request.query)
        if (constexpr std::size_t kShown = 80; !model::isAmong(known, key) && others.size() < kShown)
            others += (others.empty() ? "" : ", ") + key.substr(0, kShown);
    if (!others.empty())
        throw Error(ErrorCode::InvalidInput, "Unexpected arguments: " + others,
                    known.empty() ? "the request takes no arguments"
                                  : fmt::format("supported arguments: {}", known));
}

std::string nextLink(const http::Request& request, std::size_t limit, const std::string& marker)
{
    std::string link = request.localBase + request.path + "?";
    for (const auto& [key, value] : request.query)
        if (key != "limit" && key != "marker")
            link += fmt::format("{}={}&", encoded(key), encoded(value));
    return link + fmt::format("limit={}&marker={}", limit, marker);
}

std::string bearerToken(const http::Request& request)
{
    const std::string header = request.header("Authorization").value_or("");
    return header.starts_with("Bearer ") ? header.substr(7) : "";
}

} // namespace bm::api

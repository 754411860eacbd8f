#include "common/wire/json/json_input.h"

#include "common/model/error.h"
#include "common/text/printable.h"
#include "common/wire/json/schema_words.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bm::wire {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

struct Place {
    std::size_t line = 1;
    std::size_t column = 1;
};

/// Of byte @p offset (0-based), lines and columns from 1.
Place placeOf(std::string_view text, std::size_t offset)
{
    Place place;
    for (std::size_t i = 0; i < std::min(offset, text.size()); ++i) {
        place.column = text[i] == '\n' ? 1 : place.column + 1;
        place.line += text[i] == '\n' ? 1U : 0U;
    }
    return place;
}

/// Refuses deep nesting before a recursive parser sees it.
void checkDepth(std::string_view text)
{
    int depth = 0;
    bool inString = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (inString) {
            i += c == '\\' ? 1U : 0U;
            inString = c != '"';
            continue;
        }
        inString = c == '"';
        depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
        if (depth > kMaxJsonDepth) {
            const Place place = placeOf(text, i);
            throw Error(ErrorCode::InvalidInput,
                        fmt::format("JSON is nested deeper than {} levels at line {}, column {}",
                                    kMaxJsonDepth, place.line, place.column));
        }
    }
}

/// nlohmann's message without its prefix "[json.exception...] parse error at line ..., column ...: ".
std::string reasonOf(const json::parse_error& error)
{
    const std::string_view text = error.what();
    const std::size_t column = text.find("column");
    const std::size_t colon = text.find(": ", column == std::string_view::npos ? 0 : column);
    return std::string(colon == std::string_view::npos ? text : text.substr(colon + 2));
}

[[noreturn]] void refuse(std::string_view field, std::string_view types, const json& value)
{
    throw notOfType(field, value, types,
                    value.is_number() && types.starts_with("'string'") ? "put the number in quotes" : "");
}

// As oslo.utils takes them, in any case.
constexpr auto kTrueTexts = std::to_array<std::string_view>({"1", "t", "true", "on", "y", "yes"});
constexpr auto kFalseTexts = std::to_array<std::string_view>({"0", "f", "false", "off", "n", "no"});

bool isIn(std::span<const std::string_view> texts, std::string_view text)
{
    return std::ranges::find(texts, text) != texts.end();
}

} // namespace

json parseJson(std::string_view text)
{
    checkDepth(text);
    try {
        return json::parse(text);
    } catch (const json::parse_error& error) {
        const Place place = placeOf(text, error.byte == 0 ? 0 : error.byte - 1);
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("the body is not JSON: line {}, column {}: {}", place.line, place.column,
                                reasonOf(error)),
                    text.empty() ? "the body is empty"
                                 : "send a JSON document with Content-Type: application/json");
    } catch (const json::out_of_range&) {
        throw Error(ErrorCode::InvalidInput, "the body is not usable JSON: a number is too large",
                    "numbers go to about 1e308");
    }
}

json parseObject(std::string_view text)
{
    json value = parseJson(text);
    if (!value.is_object())
        throw notOfType("the body", value, "'object'");
    return value;
}

void refuseUnknown(const json& object, std::span<const std::string_view> allowed, std::string_view what)
{
    for (const auto& [key, value] : object.items())
        if (std::find(allowed.begin(), allowed.end(), key) == allowed.end())
            throw unexpectedProperty(what, key, fmt::format("known are: {}", fmt::join(allowed, ", ")));
}

std::string asString(const json& value, std::string_view field)
{
    if (!value.is_string())
        refuse(field, "'string'", value);
    return value.get<std::string>();
}

std::string asStringOrNull(const json& value, std::string_view field)
{
    if (value.is_null())
        return {};
    if (!value.is_string())
        refuse(field, "'string', 'null'", value);
    return value.get<std::string>();
}

bool asBoolean(const json& value, std::string_view field)
{
    if (value.is_boolean())
        return value.get<bool>();
    std::string text = value.is_string()           ? value.get<std::string>()
                       : value.is_number_integer() ? value.dump()
                                                   : "";
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    if (isIn(kTrueTexts, text))
        return true;
    if (isIn(kFalseTexts, text))
        return false;
    if (!value.is_string())
        refuse(field, "'boolean', 'string'", value);
    throw Error(ErrorCode::InvalidInput,
                fmt::format("Invalid {}: Unrecognized value '{}', acceptable values are: {}, {}", field,
                            text::shortPrintable(value.get_ref<const std::string&>(), 40),
                            fmt::join(kFalseTexts, ", "), fmt::join(kTrueTexts, ", ")));
}

std::int64_t asInteger(const json& value, std::string_view field, std::int64_t low, std::int64_t high)
{
    if (!value.is_number_integer())
        refuse(field, "'integer'", value);
    const bool fits = !value.is_number_unsigned() || value.get<std::uint64_t>() <= std::uint64_t{INT64_MAX};
    if (!fits || value.get<std::int64_t>() < low || value.get<std::int64_t>() > high)
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("{}: {} is not in {}..{}", field, value.dump(), low, high));
    return value.get<std::int64_t>();
}

std::uint64_t asCount(const json& value, std::string_view field, std::uint64_t most)
{
    if (!value.is_number_unsigned() && !(value.is_number_integer() && value.get<std::int64_t>() >= 0))
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("{}: expected a number of at least 0, found {}", field,
                                value.is_number() ? value.dump() : value.type_name()));
    if (value.get<std::uint64_t>() > most)
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("{}: expected at most {}, found {}", field, most, value.dump()));
    return value.get<std::uint64_t>();
}

model::JsonText asObjectText(const json& value, std::string_view field)
{
    if (value.is_null())
        return {};
    if (!value.is_object())
        refuse(field, "'object', 'null'", value);
    return canonical(value);
}

std::vector<std::string> asStrings(const json& value, std::string_view field)
{
    if (!value.is_array())
        refuse(field, "'array'", value);
    std::vector<std::string> all;
    for (std::size_t i = 0; i < value.size(); ++i)
        all.push_back(asString(value[i], fmt::format("{}[{}]", field, i)));
    return all;
}

const json* memberOf(const json& object, std::string_view key)
{
    const json::const_iterator found = object.find(std::string(key));
    return found == object.end() || found->is_null() ? nullptr : &*found;
}

std::string stringMember(const json& object, std::string_view key, std::string fallback)
{
    const json* value = memberOf(object, key);
    return value == nullptr ? std::move(fallback) : asString(*value, key);
}

model::JsonText canonical(const json& value)
{
    return {value.dump(-1, ' ', false, json::error_handler_t::replace)};
}

std::string_view kindOf(const json& value)
{
    switch (value.type()) {
    case json::value_t::null:
        return "null";
    case json::value_t::object:
        return "an object";
    case json::value_t::array:
        return "a list";
    case json::value_t::string:
        return "a string";
    case json::value_t::boolean:
        return "a boolean";
    default:
        return "a number";
    }
}

} // namespace bm::wire

#include "common/wire/json/schema_words.h"

#include "common/text/printable.h"
#include "common/wire/json/json_input.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bm::wire {

using model::Error;
using model::ErrorCode;

namespace {

constexpr std::size_t kShownBytes = 80; ///< of a refused text

std::string quoted(std::string_view text)
{
    return "'" + text::shortPrintable(text, kShownBytes) + "'";
}

} // namespace

Error notOfType(std::string_view where, const nlohmann::json& value, std::string_view types,
                const std::string& hint)
{
    return {ErrorCode::InvalidInput, fmt::format("{}: {} is not of type {}", where, kindOf(value), types),
            hint};
}

Error missingProperty(std::string_view where, std::string_view name, const std::string& hint)
{
    return {ErrorCode::InvalidInput, fmt::format("{}: '{}' is a required property", where, name), hint};
}

Error unexpectedProperty(std::string_view where, std::string_view name, const std::string& hint)
{
    return {ErrorCode::InvalidInput,
            fmt::format("{}: Additional properties are not allowed ({} was unexpected)", where, quoted(name)),
            hint};
}

Error notMatching(std::string_view where, std::string_view text, std::string_view pattern,
                  const std::string& hint)
{
    return {ErrorCode::InvalidInput, fmt::format("{}: {} does not match '{}'", where, quoted(text), pattern),
            hint};
}

Error notValid(std::string_view where, const nlohmann::json& value, const Error& cause)
{
    const std::string shown = value.is_string()
                                  ? quoted(std::string_view(value.get_ref<const std::string&>()))
                                  : std::string(kindOf(value));
    return {cause.code(),
            fmt::format("{}: {} is not valid under any of the given schemas. Possible root cause: {}", where,
                        shown, cause.message()),
            cause.hint()};
}

Error notOneOf(std::string_view where, std::string_view text, std::span<const std::string_view> known,
               const std::string& hint)
{
    return {ErrorCode::InvalidInput,
            fmt::format("{}: {} is not one of ['{}']", where, quoted(text), fmt::join(known, "', '")), hint};
}

Error tooShort(std::string_view where, std::string_view empty, const std::string& hint)
{
    return {ErrorCode::InvalidInput, fmt::format("{}: {} is too short", where, empty), hint};
}

void requireLength(std::string_view where, std::string_view text, std::size_t most, const std::string& hint)
{
    const auto characters = std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }); // begins of UTF-8
    if (static_cast<std::size_t>(characters) > most)
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("{}: {} is too long: {} characters, but the limit is {}", where, quoted(text),
                                characters, most),
                    hint);
}

Error missingParameter(std::string_view name, const std::string& hint)
{
    return {ErrorCode::InvalidInput, fmt::format("Missing mandatory parameter: {}", name), hint};
}

} // namespace bm::wire

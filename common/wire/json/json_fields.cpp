#include "common/wire/json/json_fields.h"

#include "common/wire/json/json_input.h"

#include <fmt/format.h>

namespace bm::wire {

using nlohmann::json;

namespace detail {

void refuseType(const std::string& path, std::string_view expected, const json& found)
{
    throw model::Error(model::ErrorCode::InvalidInput,
                       fmt::format("{}: expected {}, found {}", path, expected, found.type_name()));
}

json parsedText(const model::JsonText& text)
{
    json value = json::parse(text.text, nullptr, false);
    return value.is_discarded() ? json(nullptr) : value;
}

void readValue(const json& value, const std::string& path, std::string& out)
{
    if (!value.is_string())
        refuseType(path, "a text", value);
    out = value.get<std::string>();
}

void readValue(const json& value, const std::string& path, bool& out)
{
    if (!value.is_boolean())
        refuseType(path, "true or false", value);
    out = value.get<bool>();
}

void readValue(const json& value, const std::string& path, std::uint64_t& out)
{
    out = asCount(value, path);
}

void readValue(const json& value, const std::string& path, double& out)
{
    if (!value.is_number())
        refuseType(path, "a number", value);
    out = value.get<double>();
}

void readValue(const json& value, const std::string& /*path*/, model::JsonText& out)
{
    out = canonical(value);
}

} // namespace detail

} // namespace bm::wire

#include "conductor/core/json_values.h"

#include "common/model/error.h"

namespace bm::conductor {

using nlohmann::json;

json valueOf(const model::JsonText& text)
{
    json value = json::parse(text.text, nullptr, false);
    if (value.is_discarded())
        throw model::Error(model::ErrorCode::Internal,
                           "a stored JSON value is broken: " + text.text.substr(0, 80));
    return value;
}

model::JsonText textOf(const json& value)
{
    return model::JsonText{value.dump(-1, ' ', false, json::error_handler_t::replace)};
}

std::string textMember(const json& object, const std::string& key)
{
    if (!object.is_object() || !object.contains(key) || object.at(key).is_null())
        return {};
    const json& member = object.at(key);
    return member.is_string() ? member.get<std::string>() : member.dump();
}

json parseGiven(const std::string& text, const std::string& what)
{
    json value = json::parse(text, nullptr, false);
    if (value.is_discarded())
        throw model::Error(model::ErrorCode::InvalidInput, what + " is not valid JSON");
    return value;
}

} // namespace bm::conductor

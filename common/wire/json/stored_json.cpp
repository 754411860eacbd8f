#include "common/wire/json/stored_json.h"

#include "common/model/error.h"

namespace bm::wire {

nlohmann::json valueOf(const model::JsonText& text)
{
    nlohmann::json value = nlohmann::json::parse(text.text, nullptr, false);
    if (value.is_discarded())
        throw model::Error(model::ErrorCode::Internal,
                           "a stored JSON value is broken: " + text.text.substr(0, 80));
    return value;
}

std::string textMember(const nlohmann::json& object, const std::string& key)
{
    if (!object.is_object() || !object.contains(key) || object.at(key).is_null())
        return {};
    const nlohmann::json& member = object.at(key);
    return member.is_string() ? member.get<std::string>() : member.dump();
}

} // namespace bm::wire

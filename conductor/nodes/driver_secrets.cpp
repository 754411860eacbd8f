#include "conductor/nodes/driver_secrets.h"

#include "conductor/core/json_values.h"

namespace bm::conductor {

using nlohmann::json;

model::JsonText sealDriverInfo(const platform::SecretBox& box, const model::JsonText& given,
                               const model::JsonText& before)
{
    json values = valueOf(given);
    const json old = valueOf(before);
    for (auto& [key, value] : values.items()) {
        if (!value.is_string() || !drivers::isSecretKey(key))
            continue;
        const std::string text = value.get<std::string>();
        if (text == "******" && old.contains(key))
            value = old.at(key);
        else if (!platform::SecretBox::isSealed(text))
            value = box.seal(text);
    }
    return textOf(values);
}

void checkDriverKeys(const model::Node& node)
{
    const json values = valueOf(node.driverInfo);
    if (!values.is_object())
        throw model::Error(model::ErrorCode::InvalidInput, "driver_info is not an object");
    for (const auto& [key, value] : values.items())
        if (value.is_object() || value.is_array())
            throw model::Error(model::ErrorCode::InvalidInput,
                               "driver_info/" + key + ": expected a text, number or boolean");
}

} // namespace bm::conductor

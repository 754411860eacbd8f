#include "conductor/nodes/driver_secrets.h"

#include "common/wire/json/json_input.h"
#include "common/wire/json/stored_json.h"

namespace bm::conductor {

using nlohmann::json;

model::JsonText sealDriverInfo(const Context& context, const model::Node& node, const model::JsonText& before)
{
    json values = wire::valueOf(node.driverInfo);
    const json old = wire::valueOf(before);
    for (auto& [key, value] : values.items()) {
        if (!value.is_string() || !context.hardware.isSecret(node.driver, key))
            continue;
        const std::string text = value.get<std::string>();
        if (text == "******" && old.contains(key))
            value = old.at(key);
        else if (!platform::SecretBox::isSealed(text))
            value = context.secrets.seal(text);
    }
    return wire::canonical(values);
}

void checkDriverKeys(const model::Node& node)
{
    const json values = wire::valueOf(node.driverInfo);
    if (!values.is_object())
        throw model::Error(model::ErrorCode::InvalidInput, "driver_info is not an object");
    for (const auto& [key, value] : values.items())
        if (value.is_object() || value.is_array())
            throw model::Error(model::ErrorCode::InvalidInput,
                               "driver_info/" + key + ": expected a text, number or boolean");
}

} // namespace bm::conductor

#include "conductor/nodes/driver_secrets.h"

#include "common/wire/json/json_input.h"
#include "common/wire/json/secret_mask.h"
#include "common/wire/json/stored_json.h"
#include "conductor/core/seal_places.h"

#include <fmt/format.h>

namespace bm::conductor {

using nlohmann::json;

namespace {

/// A boolean or a number with a fraction has no text that its sender certainly means: YAML reads the password
/// 831877e8 as a number.
std::string secretText(const std::string& key, const json& value)
{
    if (value.is_string())
        return value.get<std::string>();
    if (value.is_number_integer())
        return value.dump();
    throw model::Error(model::ErrorCode::InvalidInput, "driver_info/" + key + ": the secret is not a text",
                       "quote it: {\"" + key + "\": \"...\"}");
}

} // namespace

model::JsonText sealDriverInfo(const Context& context, const model::Node& node, const model::Node* before)
{
    json values = wire::valueOf(node.driverInfo);
    const json old = before == nullptr ? json::object() : wire::valueOf(before->driverInfo);
    for (auto& [key, value] : values.items()) {
        if (value.is_number_integer() && context.hardware.isText(node.driver, key))
            value = value.dump();
        if (value.is_null() || !context.hardware.isSecret(node.driver, key))
            continue;
        const std::string text = secretText(key, value);
        const bool hadSecret = old.contains(key) && context.hardware.isSecret(before->driver, key);
        if (hadSecret &&
            (text == wire::kMask || (value == old.at(key) && platform::SecretBox::isSealed(text))))
            value = old.at(key);
        else
            value = context.secrets.seal(driverInfoPlace(node.id, key), text).text;
    }
    return wire::canonical(values);
}

void requireSecretsAgain(const drivers::HardwareTypes& hardware, const model::Node& before,
                         const model::Node& after)
{
    const json old = wire::valueOf(before.driverInfo), now = wire::valueOf(after.driverInfo);
    const auto changes = [&](const std::string& key) {
        return hardware.guardsSecrets(after.driver, key) && old.value(key, json()) != now.value(key, json());
    };
    std::string changed = before.driver == after.driver ? "" : "driver";
    for (const json* values : {&old, &now})
        for (const auto& [key, value] : values->items())
            if (changes(key))
                changed = "driver_info/" + key;
    if (changed.empty())
        return;
    for (const auto& [key, value] : old.items())
        if (hardware.isSecret(before.driver, key) && now.contains(key) &&
            (now.at(key) == value || now.at(key) == wire::kMask))
            throw model::Error(
                model::ErrorCode::InvalidInput,
                fmt::format("{}: a new value needs driver_info/{} in the same request", changed, key),
                "the stored secret belongs to the present value; send both, or ask an operator");
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

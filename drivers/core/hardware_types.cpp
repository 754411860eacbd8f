#include "drivers/core/hardware_types.h"

#include "common/model/error.h"
#include "common/text/secret_names.h"

#include <algorithm>

#include <fmt/format.h>

namespace bm::drivers {

void HardwareTypes::add(HardwareType type)
{
    for (const Interface& one : type.interfaces)
        interfaces_.add(type.name, one.kind, one.name);
    std::string name = type.name;
    types_.insert_or_assign(std::move(name), std::move(type));
}

HardwareType& HardwareTypes::at(std::string_view name)
{
    const auto found = types_.find(name);
    if (found == types_.end())
        throw model::Error(
            model::ErrorCode::InvalidInput,
            fmt::format(
                "No valid host was found. Reason: No conductor service registered which supports driver {}.",
                name),
            "GET /v1/drivers lists the drivers of this bmd");
    return found->second;
}

const HardwareType* HardwareTypes::find(std::string_view name) const
{
    const auto found = types_.find(name);
    return found == types_.end() ? nullptr : &found->second;
}

const Slots& HardwareTypes::slotsOf(const model::Node& node, std::string_view kind)
{
    static const Slots kNone;
    const Interface* found = at(node.driver).find(kind, interfaces_.interfaceOf(node, kind));
    return found == nullptr ? kNone : found->slots;
}

bool HardwareTypes::has(std::string_view type, std::string_view key, bool Property::*mark) const
{
    const HardwareType* found = find(type);
    return found != nullptr && std::ranges::any_of(found->properties, [&](const Property& one) {
               return one.*mark && one.key == key;
           });
}

bool HardwareTypes::guardsSecrets(std::string_view type, std::string_view key) const
{
    return has(type, key, &Property::guardsSecrets);
}

bool HardwareTypes::isText(std::string_view type, std::string_view key) const
{
    return has(type, key, &Property::isText);
}

bool HardwareTypes::isSecret(std::string_view type, std::string_view key) const
{
    return model::namesSecret(key) || has(type, key, &Property::secret);
}

} // namespace bm::drivers

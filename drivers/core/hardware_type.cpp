#include "drivers/core/hardware_type.h"

#include "common/model/error.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace bm::drivers {
namespace {

using model::Error;
using model::ErrorCode;

std::string noSuchKey(const HardwareType& type, const std::string& key)
{
    std::vector<std::string_view> known;
    for (const Property& property : type.properties)
        if (!property.text.empty())
            known.push_back(property.key);
    return fmt::format("{}: no such key; did you mean one of {}?", key, fmt::join(known, ", "));
}

std::string findingOf(const HardwareType& type, const std::string& key, const std::string& value)
{
    const auto property = std::ranges::find(type.properties, key, &Property::key);
    if (property == type.properties.end())
        return !type.keyPrefix.empty() && key.starts_with(type.keyPrefix) ? noSuchKey(type, key) : "";
    const std::string wrong = property->check == nullptr ? "" : property->check(value);
    return wrong.empty() ? "" : fmt::format("{}: {}", key, wrong);
}

} // namespace

std::vector<std::string> HardwareType::findings(const Values& driverInfo) const
{
    std::vector<std::string> found;
    for (const Property& property : properties)
        if (property.required && !driverInfo.contains(property.key))
            found.push_back(fmt::format("{}: missing; {}", property.key, property.text));
    for (const auto& [key, value] : driverInfo)
        if (std::string finding = findingOf(*this, key, value); !finding.empty())
            found.push_back(std::move(finding));
    return found;
}

std::string HardwareType::writeFinding(const std::string& key, const std::string& value) const
{
    const auto property = std::ranges::find(properties, key, &Property::key);
    if (property == properties.end())
        return {};
    const ValueCheck check = property->writeCheck != nullptr ? property->writeCheck : property->check;
    return check == nullptr ? "" : check(value);
}

BmcAccess HardwareType::accessTo(const NodeAccess& node) const
{
    const std::vector<std::string> wrong = findings(node.driverInfo);
    if (!wrong.empty())
        throw Error(ErrorCode::InvalidInput, wrong.front(), "correct the node's driver_info");
    return access(node);
}

const Interface* HardwareType::find(std::string_view kind, std::string_view interfaceName) const
{
    const auto found = std::ranges::find_if(
        interfaces, [&](const Interface& one) { return one.kind == kind && one.name == interfaceName; });
    return found == interfaces.end() ? nullptr : &*found;
}

const Slots& HardwareType::standard(std::string_view kind) const
{
    const auto found = std::ranges::find(interfaces, kind, &Interface::kind);
    if (found == interfaces.end())
        throw Error(ErrorCode::Internal,
                    fmt::format("hardware type {} has no interface of kind {}", name, kind));
    return found->slots;
}

} // namespace bm::drivers

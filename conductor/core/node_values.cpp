#include "conductor/core/node_values.h"

#include "common/model/kernel_arguments.h"
#include "common/text/host_address.h"
#include "common/text/names.h"
#include "common/wire/agent/disk_rules.h"
#include "common/wire/agent/root_device.h"
#include "common/wire/json/stored_json.h"
#include "common/wire/resources/trait_names.h"
#include "conductor/core/nodes.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <functional>

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using model::Node;
using nlohmann::json;

namespace {

constexpr std::size_t kShown = 80; ///< bytes of a refused value in a message
constexpr const char* kVlanHint = "a number from 1 to 4094";

std::string shown(const std::string& text)
{
    return "\"" + text.substr(0, kShown) + "\"";
}

bool isVlan(const std::optional<int>& number)
{
    constexpr int kLast = 4094; // IEEE 802.1Q
    return number && *number >= 1 && *number <= kLast;
}

void examineName(std::vector<RefusedValue>& found, const std::string& name)
{
    constexpr std::size_t kLongest = 255;
    if (!name.empty() && (!text::isPlainName(name, kLongest, "-._~") || model::isUuid(name)))
        found.push_back({"name", shown(name) + " is not a valid node name",
                         "letters, digits and - . _ ~ ; no - at its start; not in the form of a uuid"});
    if (const std::span<const std::string_view> words = reservedNodeNames();
        std::ranges::find(words, name) != words.end())
        found.push_back({"name",
                         "The word " + shown(name) + " is reserved and can not be used as a node name.",
                         fmt::format("Reserved words are: {}", fmt::join(words, ", "))});
}

/// Notes that @p parse refuses @p field, whose name its message begins with.
void examineHints(std::vector<RefusedValue>& found, const std::string& field,
                  const std::function<void()>& parse)
{
    try {
        parse();
    } catch (const Error& error) {
        const std::string message = error.message();
        const std::size_t why =
            message.starts_with(field) ? message.find_first_not_of(": ", field.size()) : 0;
        found.push_back({field, why == std::string::npos ? message : message.substr(why), error.hint()});
    }
}

/// The root device hints in @p holder, as a deployment reads them.
void examineRootDevice(std::vector<RefusedValue>& found, const std::string& place, const json& holder)
{
    const std::string field = place + "/root_device", hints = wire::textMember(holder, "root_device");
    if (!hints.empty())
        examineHints(found, field, [&] { wire::parseRootDeviceHints(hints, field); });
}

/// A setting that is true or false in any of the forms that Ironic takes.
void examineFlag(std::vector<RefusedValue>& found, const std::string& place, const json& holder,
                 const char* key)
{
    const json value = holder.value(key, json());
    if (value.is_null())
        return;
    const std::string field = fmt::format("{}/{}", place, key);
    examineHints(found, field, [&] { wire::asBoolean(value, field); });
}

void examineProperties(std::vector<RefusedValue>& found, const json& properties)
{
    examineHints(found, "properties/skip_block_devices",
                 [&] { wire::skipListFrom(properties.value("skip_block_devices", json()).dump()); });
    examineRootDevice(found, "properties", properties);
    examineFlag(found, "properties", properties, "guard_special_filesystems");
    const auto address = properties.find("health_address");
    if (address == properties.end() || address->is_null())
        return;
    if (!address->is_string() || !text::HostAddress::parse(address->get_ref<const std::string&>()))
        found.push_back(
            {"properties/health_address",
             shown(wire::textMember(properties, "health_address")) + " is not a host name or IP address",
             "without a port or a path: 192.0.2.7, 2001:db8::7 or web-7.example"});
}

void examineDriverInfo(std::vector<RefusedValue>& found, const drivers::HardwareTypes& hardware,
                       const Node& node, const json& driverInfo)
{
    for (const char* flag : {"guard_special_filesystems", "wipe_special_filesystems"})
        examineFlag(found, "driver_info", driverInfo, flag);
    for (const auto& [key, value] : driverInfo.items()) {
        const std::string text = wire::textMember(driverInfo, key);
        if (key == "provisioning_vlan" && !text.empty() && !isVlan(text::parseNumber<int>(text)))
            found.push_back({"driver_info/" + key, shown(text) + " is not a VLAN", kVlanHint});
        if (hardware.isText(node.driver, key) && (value.is_number_float() || value.is_boolean()))
            found.push_back({"driver_info/" + key, shown(text) + " is not a text",
                             "quote it: {\"" + key + "\": \"...\"}"});
        const bool hidden = value.is_null() || text == "******" || platform::SecretBox::isSealed(text);
        if (hidden && hardware.isSecret(node.driver, key))
            continue;
        const drivers::HardwareType* type = hardware.find(node.driver);
        if (const std::string why = type == nullptr ? "" : type->writeFinding(key, text); !why.empty())
            found.push_back({"driver_info/" + key, why, "GET /v1/drivers/" + node.driver + "/properties"});
    }
}

void examineInstance(std::vector<RefusedValue>& found, const json& instance)
{
    examineRootDevice(found, "instance_info", instance);
    constexpr std::string_view kDefault = "%default%"; // stands for the image's own arguments
    std::string arguments = wire::textMember(instance, "kernel_append_params");
    if (const std::size_t at = arguments.find(kDefault); at != std::string::npos)
        arguments.erase(at, kDefault.size());
    try {
        model::checkKernelArguments(arguments, "kernel_append_params");
    } catch (const Error& error) {
        found.push_back({"instance_info/kernel_append_params", error.message(), error.hint()});
    }
}

void examineTraits(std::vector<RefusedValue>& found, const json& traits)
{
    for (const json& trait : traits)
        if (!trait.is_string() || !wire::isTrait(trait.get_ref<const std::string&>()))
            found.push_back({"traits", shown(trait.dump()) + " is not a trait",
                             "a standard trait, or CUSTOM_ and capitals, digits, underscores"});
}

/// The stored value of a refused one's field.
json valueIn(const Node& node, const std::string& field)
{
    const std::size_t slash = field.find('/');
    const std::string member = field.substr(0, slash);
    if (member == "name")
        return node.name;
    if (member == "traits")
        return wire::valueOf(node.traits);
    const json values = wire::valueOf(member == "properties"    ? node.properties
                                      : member == "driver_info" ? node.driverInfo
                                                                : node.instanceInfo);
    return values.value(field.substr(slash + 1), json());
}

bool isStored(const Context& context, const RefusedValue& refused, const Node& node, const Node& before)
{
    if (node.driver != before.driver)
        return false;
    const json value = valueIn(node, refused.field), old = valueIn(before, refused.field);
    if (value == old)
        return true;
    constexpr std::string_view kDriverInfo = "driver_info/";
    return refused.field.starts_with(kDriverInfo) && old.is_string() &&
           value == driverText(context, before, refused.field.substr(kDriverInfo.size()), old);
}

} // namespace

std::string RefusedValue::text() const
{
    const bool inside = why.starts_with('.') || why.starts_with('[');
    return field + (inside ? "" : ": ") + why;
}

std::span<const std::string_view> reservedNodeNames()
{
    static constexpr auto kWords = std::to_array<std::string_view>(
        {"maintenance", "management", "states", "vendor_passthru", "detail", "validate", "batch"});
    return kWords;
}

std::vector<RefusedValue> refusedValues(const drivers::HardwareTypes& hardware, const Node& node)
{
    std::vector<RefusedValue> found;
    examineName(found, node.name);
    examineProperties(found, wire::valueOf(node.properties));
    examineDriverInfo(found, hardware, node, wire::valueOf(node.driverInfo));
    examineInstance(found, wire::valueOf(node.instanceInfo));
    examineTraits(found, wire::valueOf(node.traits));
    return found;
}

void refuseValues(const Context& context, const Node& node, const Node* before)
{
    for (const RefusedValue& refused : refusedValues(context.hardware, node))
        if (before == nullptr || !isStored(context, refused, node, *before))
            throw Error(ErrorCode::InvalidInput, refused.text(), refused.hint);
}

std::optional<int> provisioningVlanOf(const Node& node)
{
    const json driverInfo = wire::valueOf(node.driverInfo);
    const std::string text = wire::textMember(driverInfo, "provisioning_vlan");
    if (text.empty())
        return std::nullopt;
    std::string_view rest = text; // an earlier version stored texts after the number
    const std::optional<int> vlan = driverInfo.at("provisioning_vlan").is_string()
                                        ? text::takeNumber<int>(rest)
                                        : text::parseNumber<int>(text);
    if (!isVlan(vlan))
        throw Error(ErrorCode::InvalidInput,
                    "driver_info/provisioning_vlan: " + shown(text) + " is not a VLAN", kVlanHint);
    return vlan;
}

} // namespace bm::conductor

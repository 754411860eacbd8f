#include "common/model/interfaces.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace bm::model {
namespace {

struct InterfaceRow {
    std::string_view driver;
    std::string_view kind;
    std::array<std::string_view, 4> enabled; ///< the default first; "" ends it
};
constexpr auto kInterfaces = std::to_array<InterfaceRow>({
    {"ipmi", "bios", {"no-bios"}},
    {"ipmi", "boot", {"ipxe", "pxe", "http-ipxe"}},
    {"ipmi", "console", {"no-console"}},
    {"ipmi", "deploy", {"direct", "ramdisk"}},
    {"ipmi", "firmware", {"no-firmware"}},
    {"ipmi", "inspect", {"agent", "no-inspect"}},
    {"ipmi", "management", {"ipmitool", "noop"}},
    {"ipmi", "network", {"noop"}},
    {"ipmi", "power", {"ipmitool"}},
    {"ipmi", "raid", {"agent", "no-raid"}},
    {"ipmi", "rescue", {"agent", "no-rescue"}},
    {"ipmi", "storage", {"noop"}},
    {"ipmi", "vendor", {"ipmitool", "no-vendor"}},
    {"fake-hardware", "bios", {"fake", "no-bios"}},
    {"fake-hardware", "boot", {"fake", "ipxe", "pxe"}},
    {"fake-hardware", "console", {"fake", "no-console"}},
    {"fake-hardware", "deploy", {"fake", "direct", "ramdisk"}},
    {"fake-hardware", "firmware", {"fake", "no-firmware"}},
    {"fake-hardware", "inspect", {"fake", "agent", "no-inspect"}},
    {"fake-hardware", "management", {"fake", "noop"}},
    {"fake-hardware", "network", {"noop"}},
    {"fake-hardware", "power", {"fake"}},
    {"fake-hardware", "raid", {"fake", "agent", "no-raid"}},
    {"fake-hardware", "rescue", {"fake", "agent", "no-rescue"}},
    {"fake-hardware", "storage", {"noop", "fake"}},
    {"fake-hardware", "vendor", {"fake", "no-vendor"}},
});

} // namespace

std::span<const std::string_view> enabledInterfaces(std::string_view driver, std::string_view kind)
{
    static constexpr auto kNone = std::to_array<std::string_view>({"noop"});
    for (const InterfaceRow& row : kInterfaces)
        if (row.driver == driver && row.kind == kind)
            return {row.enabled.begin(), std::ranges::find(row.enabled, std::string_view{})};
    return kNone;
}

std::string_view interfaceOf(const Node& node, std::string_view kind)
{
    const std::span<const std::string_view> enabled = enabledInterfaces(node.driver, kind);
    if (node.interfaces.text == "{}")
        return enabled.front();
    const nlohmann::json chosen = nlohmann::json::parse(node.interfaces.text);
    const auto found = std::ranges::find(enabled, chosen.value(std::string(kind), std::string()));
    return found == enabled.end() ? enabled.front() : *found;
}

std::span<const InterfaceKind> interfaceKinds()
{
    static constexpr auto kKinds = std::to_array<InterfaceKind>({{"bios", 40},
                                                                 {"boot", 30},
                                                                 {"console", 30},
                                                                 {"deploy", 30},
                                                                 {"firmware", 86},
                                                                 {"inspect", 30},
                                                                 {"management", 30},
                                                                 {"network", 30},
                                                                 {"power", 30},
                                                                 {"raid", 30},
                                                                 {"rescue", 38},
                                                                 {"storage", 33},
                                                                 {"vendor", 30}});
    return kKinds;
}

} // namespace bm::model

#include "cli/client/inventory_twins.h"

#include "common/model/error.h"
#include "common/model/mac_address.h"
#include "common/text/lower_case.h"

#include <array>
#include <fmt/format.h>
#include <string_view>

namespace bm::cli {

using nlohmann::json;

namespace {

/// A member that no two entries of a kind share.
struct Identity {
    std::string_view kind;
    const char* member;
    std::string_view noun;
};
constexpr auto kIdentities = std::to_array<Identity>({
    {"chassis", "uuid", "uuid"},
    {"node", "name", "name"},
    {"node", "uuid", "uuid"},
    {"portgroup", "name", "name"},
    {"portgroup", "uuid", "uuid"},
    {"portgroup", "address", "MAC address"},
    {"port", "uuid", "uuid"},
    {"port", "address", "MAC address"},
});

/// A list inside entries of a kind.
struct List {
    std::string_view outer;
    const char* member;
    const char* kind;
};
constexpr auto kLists = std::to_array<List>({
    {"inventory", "chassis", "chassis"},
    {"inventory", "nodes", "node"},
    {"chassis", "nodes", "node"},
    {"node", "portgroups", "portgroup"},
    {"node", "ports", "port"},
    {"portgroup", "ports", "port"},
});

/// The form that bmd compares.
std::string comparable(std::string_view member, const std::string& value)
{
    if (member == "name")
        return value;
    if (const std::optional<model::MacAddress> mac = model::anyMacFromText(value); mac && member == "address")
        return mac->text;
    return model::lowerCase(value);
}

/// The list's element; undefined where a merge key brought the list.
YAML::Node elementOf(const YAML::Node& yaml, const char* list, std::size_t index)
{
    const YAML::Node found =
        yaml.IsDefined() && yaml.IsMap() ? yaml[list] : YAML::Node(YAML::NodeType::Undefined);
    return found.IsDefined() && found.IsSequence() && index < found.size()
               ? found[index]
               : YAML::Node(YAML::NodeType::Undefined);
}

} // namespace

void InventoryTwins::add(const YAML::Node& yaml, const json& inventory)
{
    addLists("inventory", yaml, inventory, {yaml.Mark(), yaml.Mark()});
}

void InventoryTwins::addLists(const std::string& kind, const YAML::Node& yaml, const json& entry,
                              const Place& place)
{
    for (const List& list : kLists) {
        const auto found = list.outer == kind ? entry.find(list.member) : entry.end();
        if (found == entry.end() || !found->is_array())
            continue;
        for (std::size_t i = 0; i < found->size(); ++i) {
            const YAML::Node element = elementOf(yaml, list.member, i);
            const YAML::Mark own = element.IsDefined() ? element.Mark() : place.own;
            const bool top = kind == "inventory" || kind == "chassis";
            addEntry(list.kind, element, found->at(i), {own, top ? own : place.outer});
        }
    }
}

void InventoryTwins::addEntry(const std::string& kind, const YAML::Node& yaml, const json& entry,
                              const Place& place)
{
    if (!entry.is_object())
        return; // bmd refuses it
    for (const Identity& identity : kIdentities)
        if (const auto found = entry.find(identity.member);
            identity.kind == kind && found != entry.end() && found->is_string() && *found != "")
            addValue(fmt::format("{} {}", kind, identity.noun),
                     comparable(identity.member, found->get<std::string>()), place);
    addLists(kind, yaml, entry, place);
}

void InventoryTwins::addValue(const std::string& what, const std::string& value, const Place& place)
{
    const auto [first, isNew] = places_.emplace(what + '\0' + value, place);
    if (isNew)
        return;
    // a port that two nodes have by an alias: the nodes tell them apart
    const bool aliased = first->second.own.pos == place.own.pos;
    const YAML::Mark here = aliased ? place.outer : place.own;
    const YAML::Mark there = aliased ? first->second.outer : first->second.own;
    throw model::Error(model::ErrorCode::InvalidInput,
                       fmt::format("{0}:{1}:{2}: the {3} \"{4}\" is also that of {0}:{5}:{6}", file_,
                                   here.line + 1, here.column + 1, what, value, there.line + 1,
                                   there.column + 1),
                       "an inventory has each machine and each port once");
}

} // namespace bm::cli

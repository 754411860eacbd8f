#include "common/model/interfaces.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace bm::model {

void InterfaceTable::add(std::string_view driver, std::string_view kind, std::string_view name)
{
    drivers_[std::string(driver)][std::string(kind)].emplace_back(name);
}

std::span<const std::string> InterfaceTable::enabled(std::string_view driver, std::string_view kind) const
{
    static const std::array<std::string, 1> kNone{"noop"};
    const auto kinds = drivers_.find(driver);
    if (kinds == drivers_.end())
        return kNone;
    const auto names = kinds->second.find(kind);
    return names == kinds->second.end() ? std::span<const std::string>(kNone) : names->second;
}

std::string_view InterfaceTable::interfaceOf(const Node& node, std::string_view kind) const
{
    const std::span<const std::string> names = enabled(node.driver, kind);
    if (node.interfaces.text == "{}")
        return names.front();
    const nlohmann::json chosen = nlohmann::json::parse(node.interfaces.text);
    const auto found = std::ranges::find(names, chosen.value(std::string(kind), std::string()));
    return found == names.end() ? names.front() : *found;
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

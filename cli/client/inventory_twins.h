#pragma once
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <yaml-cpp/yaml.h>

namespace bm::cli {

/// Finds two entries of one inventory that bmd would take for one: nodes of one name, entries of one uuid,
/// ports of one MAC address.
class InventoryTwins {
public:
    /// @param file  the inventory's name in messages
    explicit InventoryTwins(std::string file) : file_(std::move(file)) {}

    /// Adds a YAML document. @p inventory is the JSON that @p yaml became; both have the same lists.
    /// @throws Error InvalidInput with the places of both entries
    void add(const YAML::Node& yaml, const nlohmann::json& inventory);

private:
    struct Place {
        YAML::Mark own;   ///< of the entry; an alias has the place of its anchor
        YAML::Mark outer; ///< of the node or chassis around it
    };
    void addEntry(const std::string& kind, const YAML::Node& yaml, const nlohmann::json& entry,
                  const Place& place);
    void addLists(const std::string& kind, const YAML::Node& yaml, const nlohmann::json& entry,
                  const Place& place);
    void addValue(const std::string& what, const std::string& value, const Place& place);

    std::string file_;
    std::map<std::string, Place> places_{};
};

} // namespace bm::cli

#include "bmd/config.h"

#include "bmd/config_complete.h"
#include "bmd/config_keys.h"
#include "bmd/config_suggest.h"
#include "common/model/error.h"
#include "common/text/yaml_document.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>

namespace bm::bmd {
namespace {

nlohmann::json jsonOf(const YAML::Node& node)
{
    if (node.IsMap()) {
        auto object = nlohmann::json::object();
        for (const auto& member : node)
            object[member.first.as<std::string>()] = jsonOf(member.second);
        return object;
    }
    if (node.IsSequence()) {
        auto array = nlohmann::json::array();
        for (const auto& item : node)
            array.push_back(jsonOf(item));
        return array;
    }
    if (node.IsNull())
        return nullptr;
    std::int64_t number = 0;
    bool flag = false;
    if (node.Tag() == "?" && YAML::convert<std::int64_t>::decode(node, number)) // "?": plain, "!": quoted
        return number;
    if (node.Tag() == "?" && YAML::convert<bool>::decode(node, flag))
        return flag;
    return node.Scalar();
}

/// Reads one file and collects all errors instead of stopping at the first.
class Reader {
public:
    Reader(Config& config, const std::string& file, std::vector<ConfigFinding>& findings)
        : config_(config), file_(file), findings_(findings)
    {}

    void read(std::string_view yaml)
    {
        YAML::Node root;
        try {
            root = text::onlyDocument(YAML::LoadAll(std::string(yaml)));
        } catch (const YAML::Exception& error) {
            return find(error.mark, "not YAML: " + error.msg);
        }
        if (root.IsNull())
            return;
        if (!root.IsMap())
            return find(root.Mark(), "expected sections such as \"api:\" with keys below them");
        for (const auto& entry : root)
            readSection(entry.first, entry.second);
    }

    /// Adds an error of the complete configuration, at the key's position if it has one.
    void add(const ConfigConflict& conflict)
    {
        const auto place = places_.find(conflict.key);
        const std::string message = conflict.key + ": " + conflict.message;
        if (place == places_.end())
            findings_.push_back({file_, 0, 0, message});
        else
            find(place->second, message);
    }

private:
    void find(const YAML::Mark& mark, const std::string& message)
    {
        findings_.push_back({file_, mark.line + 1, mark.column + 1, message});
    }

    /// Reads a key's name and refuses a duplicate.
    bool parseName(const YAML::Node& node, const std::string& prefix, std::string& path)
    {
        if (!node.IsScalar()) {
            find(node.Mark(), "expected a name");
            return false;
        }
        path = prefix + node.Scalar();
        if (places_.emplace(path, node.Mark()).second)
            return true;
        find(node.Mark(),
             fmt::format("{}: appears twice, first in line {}", path, places_.at(path).line + 1));
        return false;
    }

    void readSection(const YAML::Node& name, const YAML::Node& keys)
    {
        std::string section;
        if (!parseName(name, "", section))
            return;
        const auto known = configSections();
        if (std::none_of(known.begin(), known.end(),
                         [&](const ConfigSection& s) { return s.name == section; }))
            return find(name.Mark(), fmt::format("{}: no such section{}", section, suggestSection(section)));
        if (keys.IsNull()) // every key of the section is commented out
            return;
        if (!keys.IsMap())
            return find(keys.Mark(), fmt::format("{}: expected keys below it, such as \"  {}\"", section,
                                                 exampleOf(section)));
        for (const auto& entry : keys)
            readKey(section, entry.first, entry.second);
    }

    static std::string exampleOf(const std::string& section)
    {
        for (const ConfigKey& key : configKeys())
            if (key.path.starts_with(section + "."))
                return fmt::format("{}: {}", key.path.substr(section.size() + 1), key.defaultText);
        return {};
    }

    void readKey(const std::string& section, const YAML::Node& name, const YAML::Node& value)
    {
        std::string path;
        if (!parseName(name, section + ".", path))
            return;
        const auto keys = configKeys();
        const auto key =
            std::find_if(keys.begin(), keys.end(), [&](const ConfigKey& k) { return k.path == path; });
        if (key == keys.end())
            return find(name.Mark(), fmt::format("{}: no such key{}", path, suggestKey(path)));
        RawValue raw;
        if (!take(*key, value, raw))
            return;
        try {
            key->set(config_, raw);
        } catch (const model::Error& expected) {
            find(value.Mark(),
                 fmt::format("{}: expected {}, got \"{}\"", path, expected.what(), shown(value)));
        }
    }

    static std::string shown(const YAML::Node& value)
    {
        return value.IsScalar() ? value.Scalar() : value.IsNull() ? "" : jsonOf(value).dump();
    }

    bool take(const ConfigKey& key, const YAML::Node& value, RawValue& raw)
    {
        if (key.shape == Shape::Map && (value.IsMap() || value.IsNull())) {
            for (const auto& entry : value)
                raw.map[entry.first.as<std::string>()] =
                    entry.second.IsScalar() ? entry.second.Scalar() : jsonOf(entry.second).dump();
            return true;
        }
        const bool flat =
            key.shape == Shape::List && value.IsSequence() &&
            std::all_of(value.begin(), value.end(), [](const auto& item) { return item.IsScalar(); });
        if (flat) {
            for (const auto& item : value)
                raw.list.push_back(item.Scalar());
            return true;
        }
        if (key.shape != Shape::Map && (value.IsScalar() || value.IsNull())) {
            raw.list = {value.IsNull() ? "" : value.Scalar()};
            return true;
        }
        find(value.Mark(), fmt::format("{}: expected {} ({})", key.path, shapeName(key.shape), key.type));
        return false;
    }

    static std::string_view shapeName(Shape shape)
    {
        return shape == Shape::Map    ? "keys with values below it"
               : shape == Shape::List ? "a list"
                                      : "one value";
    }

    Config& config_;
    const std::string& file_;
    std::vector<ConfigFinding>& findings_;
    std::map<std::string, YAML::Mark> places_;
};

Config defaults()
{
    Config config;
    for (const ConfigKey& key : configKeys()) {
        RawValue raw;
        if (key.shape == Shape::Scalar)
            raw.list = {std::string(key.defaultText)};
        key.set(config, raw); // lists and mappings have no default entries
    }
    return config;
}

} // namespace

Config defaultConfig()
{
    Config config = defaults();
    completeConfig(config);
    return config;
}

Config parseConfig(std::string_view yaml, const std::string& file, std::vector<ConfigFinding>& findings)
{
    Config config = defaults();
    Reader reader(config, file, findings);
    reader.read(yaml);
    if (findings.empty()) // a misspelt key would be reported as missing, too
        for (const ConfigConflict& conflict : completeConfig(config))
            reader.add(conflict);
    return config;
}

} // namespace bm::bmd

#include "cli/client/inventory_file.h"

#include "cli/client/password_file.h"
#include "common/model/error.h"
#include "common/platform/files.h"
#include "common/text/secret_names.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

namespace bm::cli {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

constexpr int kDeepest = 32;

Error wrong(const std::string& name, const YAML::Mark& mark, const std::string& what,
            const std::string& hint = {})
{
    return {ErrorCode::InvalidInput, fmt::format("{}:{}:{}: {}", name, mark.line + 1, mark.column + 1, what),
            hint};
}

json scalarOf(const YAML::Node& node)
{
    const std::string& text = node.Scalar();
    if (node.Tag() == "!" || node.Tag() == "tag:yaml.org,2002:str")
        return text; // quoted
    static constexpr std::array<const char*, 4> kTrue{"true", "True", "yes", "on"};
    static constexpr std::array<const char*, 4> kFalse{"false", "False", "no", "off"};
    if (std::find(kTrue.begin(), kTrue.end(), text) != kTrue.end())
        return true;
    if (std::find(kFalse.begin(), kFalse.end(), text) != kFalse.end())
        return false;
    if (text == "null" || text == "~" || text.empty())
        return nullptr;
    const bool digits =
        std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
    if (digits && text.size() < 18 && (text.size() == 1 || text.front() != '0'))
        return std::stoll(text);
    return text;
}

json convert(const YAML::Node& node, const std::string& name, int depth)
{
    if (depth > kDeepest)
        throw wrong(name, node.Mark(), "nested too deeply");
    if (node.IsMap()) {
        json object = json::object();
        for (const auto& member : node) {
            const std::string key = member.first.Scalar();
            if (object.contains(key))
                throw wrong(name, member.first.Mark(), "\"" + key + "\" appears twice");
            // 831877e8, yes and 0123 are passwords, too
            const bool asTyped = model::namesSecret(key) && member.second.IsScalar();
            object[key] = asTyped ? json(member.second.Scalar()) : convert(member.second, name, depth + 1);
        }
        return object;
    }
    if (node.IsSequence()) {
        json array = json::array();
        for (const YAML::Node& member : node)
            array.push_back(convert(member, name, depth + 1));
        return array;
    }
    return node.IsScalar() ? scalarOf(node) : json(nullptr);
}

void checkShape(const YAML::Node& root, const std::string& name)
{
    const std::string hint =
        "nodes:\n  - name: rack1-07\n    driver: ipmi\n    driver_info: {ipmi_address: 10.0.4.17, ...}\n"
        "    ports: [{address: \"52:54:00:12:34:56\"}]";
    if (!root.IsMap() || !root["nodes"])
        throw wrong(name, root.Mark(), "expected a map with a list \"nodes\"", hint);
    for (const auto& member : root) {
        const std::string key = member.first.Scalar();
        if (key != "nodes")
            throw wrong(name, member.first.Mark(),
                        "\"" + key + "\" is unknown; an inventory has only \"nodes\"", hint);
    }
    if (!root["nodes"].IsSequence())
        throw wrong(name, root["nodes"].Mark(), "\"nodes\" is not a list", hint);
    for (const YAML::Node& node : root["nodes"])
        if (!node.IsMap())
            throw wrong(name, node.Mark(), "a node must be a map", hint);
}

void readPasswordFiles(json& inventory)
{
    for (json& node : inventory.at("nodes")) {
        if (!node.contains("driver_info") || !node.at("driver_info").is_object() ||
            !node.at("driver_info").contains("ipmi_password_file"))
            continue;
        json& info = node.at("driver_info");
        info["ipmi_password"] = readPasswordFile(info.at("ipmi_password_file").get<std::string>());
        info.erase("ipmi_password_file");
    }
}

} // namespace

json parseInventory(const std::string& text, const std::string& name)
{
    try {
        const YAML::Node root = YAML::Load(text);
        checkShape(root, name);
        json inventory = convert(root, name, 0);
        readPasswordFiles(inventory);
        return inventory;
    } catch (const YAML::Exception& error) {
        throw wrong(name, error.mark, error.msg, "the file must be YAML or JSON");
    }
}

json readInventory(const std::string& file)
{
    return parseInventory(platform::readFile(file == "-" ? "/dev/stdin" : file, std::size_t{64} << 20U),
                          file);
}

} // namespace bm::cli

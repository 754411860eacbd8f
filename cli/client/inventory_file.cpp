#include "cli/client/inventory_file.h"

#include "cli/client/inventory_twins.h"
#include "cli/client/operator_file.h"
#include "cli/client/password_file.h"
#include "common/model/error.h"
#include "common/text/secret_names.h"
#include "common/text/text.h"
#include "common/text/utf8.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

namespace bm::cli {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

constexpr int kDeepest = 32;
constexpr std::size_t kMostValues = 4'000'000; // of 100,000 nodes; aliases may multiply them

Error wrong(const std::string& name, const YAML::Mark& mark, const std::string& what,
            const std::string& hint = {})
{
    return {ErrorCode::InvalidInput, fmt::format("{}:{}:{}: {}", name, mark.line + 1, mark.column + 1, what),
            hint};
}

bool isQuoted(const YAML::Node& node)
{
    return node.Tag() == "!" || node.Tag() == "tag:yaml.org,2002:str";
}

json scalarOf(const YAML::Node& node)
{
    const std::string& text = node.Scalar();
    if (isQuoted(node))
        return text;
    // YAML 1.1, as PyYAML and so `baremetal create` read it.
    static constexpr std::array<const char*, 9> kTrue{"true", "True", "TRUE", "yes", "Yes",
                                                      "YES",  "on",   "On",   "ON"};
    static constexpr std::array<const char*, 9> kFalse{"false", "False", "FALSE", "no", "No",
                                                       "NO",    "off",   "Off",   "OFF"};
    if (std::find(kTrue.begin(), kTrue.end(), text) != kTrue.end())
        return true;
    if (std::find(kFalse.begin(), kFalse.end(), text) != kFalse.end())
        return false;
    if (text == "null" || text == "Null" || text == "NULL" || text == "~" || text.empty())
        return nullptr;
    const json number = json::parse(text, nullptr, false);
    return number.is_number_integer() && number.dump() == text ? number : json(text);
}

/// Turns YAML into JSON, with merge keys.
class Converter {
public:
    /// @param isJson  the file is JSON, whose numbers have any form
    Converter(const std::string& name, bool isJson) : name_(name), isJson_(isJson) {}

    json convert(const YAML::Node& node, int depth = 0)
    {
        if (depth > kDeepest || ++values_ > kMostValues)
            throw wrong(name_, node.Mark(), "nested too deeply, or too long");
        if (node.IsMap())
            return convertMap(node, depth);
        if (node.IsSequence()) {
            json array = json::array();
            for (const YAML::Node& member : node)
                array.push_back(convert(member, depth + 1));
            return array;
        }
        if (!node.IsScalar())
            return nullptr;
        return isJson_ && !isQuoted(node) ? json::parse(node.Scalar()) : scalarOf(node);
    }

private:
    json convertMap(const YAML::Node& node, int depth)
    {
        json object = json::object();
        json merged = json::object();
        for (const auto& member : node) {
            const std::string key = member.first.Scalar();
            if (key == "<<" && !isQuoted(member.first)) {
                merge(merged, member.second, depth);
                continue;
            }
            if (object.contains(key))
                throw wrong(name_, member.first.Mark(), "\"" + key + "\" appears twice");
            // 831877e8, yes and 0123 are passwords, too
            const bool asTyped = model::namesSecret(key) && member.second.IsScalar();
            object[key] = asTyped ? json(member.second.Scalar()) : convert(member.second, depth + 1);
        }
        for (const auto& [key, value] : merged.items())
            object.emplace(key, value);
        return object;
    }

    /// The value of a merge key (yaml.org/type/merge.html): a map, or a list of maps whose first has
    /// precedence.
    void merge(json& merged, const YAML::Node& value, int depth)
    {
        if (value.IsSequence()) {
            for (const YAML::Node& one : value)
                mergeMap(merged, one, depth);
            return;
        }
        mergeMap(merged, value, depth);
    }

    void mergeMap(json& merged, const YAML::Node& map, int depth)
    {
        if (!map.IsMap())
            throw wrong(name_, map.Mark(), "\"<<\" takes a map or a list of maps",
                        "<<: *name, where &name stands before a map");
        const json members = convert(map, depth + 1);
        for (const auto& [key, member] : members.items())
            merged.emplace(key, member);
    }

    const std::string& name_;
    bool isJson_;
    std::size_t values_ = 0;
};

/// @param list  "nodes" or "chassis"; @p one  its noun
void checkList(const YAML::Node& root, const char* list, const char* one, const std::string& name,
               const std::string& hint)
{
    if (!root[list])
        return;
    if (!root[list].IsSequence())
        throw wrong(name, root[list].Mark(), fmt::format("\"{}\" is not a list", list), hint);
    for (const YAML::Node& member : root[list])
        if (!member.IsMap())
            throw wrong(name, member.Mark(), fmt::format("a {} must be a map", one), hint);
}

void checkShape(const YAML::Node& root, const std::string& name)
{
    const std::string hint =
        "nodes:\n  - name: rack1-07\n    driver: ipmi\n    driver_info: {ipmi_address: 10.0.4.17, ...}\n"
        "    ports: [{address: \"52:54:00:12:34:56\"}]";
    if (!root.IsMap() || (!root["nodes"] && !root["chassis"]))
        throw wrong(name, root.Mark(), "expected a map with a list \"nodes\" or \"chassis\"", hint);
    for (const auto& member : root) {
        const std::string key = member.first.Scalar();
        if (key != "nodes" && key != "chassis")
            throw wrong(name, member.first.Mark(),
                        "\"" + key + "\" is unknown; an inventory has \"nodes\" and \"chassis\"", hint);
    }
    checkList(root, "nodes", "node", name, hint);
    checkList(root, "chassis", "chassis", name, hint);
    for (const YAML::Node& chassis : root["chassis"])
        checkList(chassis, "nodes", "node", name, hint);
}

/// @param name  the inventory's
void readPasswordFiles(json& nodes, const std::string& name)
{
    for (json& node : nodes) {
        if (!node.is_object()) // a merge key brought it, or checkShape() found it
            throw Error(ErrorCode::InvalidInput, name + ": a node must be a map");
        if (!node.contains("driver_info") || !node.at("driver_info").is_object() ||
            !node.at("driver_info").contains("ipmi_password_file"))
            continue;
        json& info = node.at("driver_info");
        const json& file = info.at("ipmi_password_file");
        if (!file.is_string())
            throw Error(ErrorCode::InvalidInput,
                        fmt::format("{}: node {}: ipmi_password_file is not the path of a file", name,
                                    node.value("name", json("without a name")).dump()),
                        "ipmi_password_file: /root/bmc.password");
        info["ipmi_password"] = readPasswordFile(file.get<std::string>());
        info.erase("ipmi_password_file");
    }
}

/// The member, which becomes a list where the file has none.
json& listOf(json& object, const char* member, const std::string& name)
{
    json& list = object[member];
    if (list.is_null())
        list = json::array();
    if (!list.is_array())
        throw Error(ErrorCode::InvalidInput, fmt::format("{}: \"{}\" is not a list", name, member));
    return list;
}

/// Refuses a text that is not UTF-8, nor UTF-16 or UTF-32 with their byte order mark.
void requireText(const std::string& text, const std::string& name)
{
    if (text::isUtf8(text) || text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff"))
        return;
    std::string_view rest = text;
    std::size_t line = 1;
    while (text::isUtf8(text::takeLine(rest)))
        ++line;
    throw Error(ErrorCode::InvalidInput, fmt::format("{}:{}: not UTF-8", name, line),
                "iconv -f LATIN1 -t UTF-8");
}

/// The code unit of the escape \uXXXX at @p at; 0 where none is.
char32_t codeUnitAt(std::string_view text, std::size_t at)
{
    if (text.substr(at, 2) != "\\u" || at + 6 > text.size())
        return 0;
    std::uint16_t unit = 0;
    std::from_chars(text.data() + at + 2, text.data() + at + 6, unit, 16);
    return unit;
}

/// JSON without pairs of surrogates (\ud83d\ude00), which YAML does not know: their characters as they are.
/// The places of everything else are those in the lines of @p text.
std::string withoutPairs(std::string_view text)
{
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\\', at), text.size());
        out += text.substr(at, end - at);
        at = end;
        const char32_t high = codeUnitAt(text, at);
        const bool isPair = high >= 0xD800U && high <= 0xDBFFU;
        const std::size_t bytes = isPair ? 12 : 2;
        out += isPair ? json::parse(fmt::format("\"{}\"", text.substr(at, bytes))).get<std::string>()
                      : std::string(text.substr(at, std::min(bytes, text.size() - at)));
        at = std::min(at + bytes, text.size());
    }
    return out;
}

std::vector<YAML::Node> documentsIn(const std::string& text, bool isJson)
{
    if (!isJson)
        return YAML::LoadAll(text);
    try {
        return YAML::LoadAll(withoutPairs(text));
    } catch (const YAML::Exception&) {
        // JSON may break a line before a colon, YAML may not; places are lost
        return YAML::LoadAll(json::parse(text).dump());
    }
}

/// The nodes and chassis of all YAML documents of @p text.
json documentsOf(const std::string& text, const std::string& name)
{
    json inventory = {{"nodes", json::array()}, {"chassis", json::array()}};
    const bool isJson = json::accept(text);
    const std::vector<YAML::Node> documents = documentsIn(text, isJson);
    Converter converter(name, isJson);
    InventoryTwins twins(name);
    bool isEmpty = true;
    for (const YAML::Node& document : documents) {
        if (document.IsNull())
            continue;
        checkShape(document, name);
        const json read = converter.convert(document);
        twins.add(document, read);
        for (auto& [list, all] : inventory.items())
            if (read.contains(list))
                all.insert(all.end(), read.at(list).begin(), read.at(list).end());
        isEmpty = false;
    }
    if (isEmpty)
        checkShape(YAML::Node(), name); // refuses it
    return inventory;
}

} // namespace

json parseInventory(const std::string& text, const std::string& name)
{
    requireText(text, name);
    try {
        json inventory = documentsOf(text, name);
        readPasswordFiles(inventory.at("nodes"), name);
        for (json& chassis : inventory.at("chassis"))
            readPasswordFiles(listOf(chassis, "nodes", name), name);
        return inventory;
    } catch (const YAML::Exception& error) {
        throw wrong(name, error.mark, error.msg, "the file must be YAML or JSON");
    }
}

json readInventory(const std::string& file)
{
    return parseInventory(readOperatorFile(file, std::size_t{64} << 20U), file);
}

} // namespace bm::cli

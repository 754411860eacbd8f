#include "conductor/nodes/inspection_rules.h"

#include "common/model/error.h"
#include "common/platform/ip_address.h"
#include "common/wire/json/stored_json.h"
#include "conductor/nodes/rule_patterns.h"
#include "conductor/nodes/rule_values.h"

#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <map>

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using model::InspectionRule;
using nlohmann::json;

namespace {

using Keys = std::vector<std::string>;

/// "/driver_info/x" or "driver_info.x".
Keys pathOf(const std::string& text)
{
    std::string plain = text;
    std::ranges::replace(plain, '/', '.');
    Keys keys = ruleKeys(plain);
    if (keys.empty())
        throw Error(ErrorCode::InvalidInput, "the path \"" + text + "\" has no key");
    return keys;
}

// --- conditions
// ---------------------------------------------------------------------------------------------

std::string textOfValue(const json& value)
{
    return value.is_string() ? value.get<std::string>() : value.dump();
}

bool isEmpty(const json& value)
{
    return value.is_null() || (value.is_string() && value.get_ref<const std::string&>().empty()) ||
           (value.is_structured() && value.empty());
}

bool isTrue(const json& value)
{
    if (value.is_boolean())
        return value.get<bool>();
    if (value.is_number())
        return value != 0;
    const std::string text = value.is_string() ? value.get<std::string>() : "";
    return text == "true" || text == "True" || text == "yes" || text == "1" || text == "on";
}

/// A number where both are numbers or look like it.
std::partial_ordering compared(const json& left, const json& right, bool asText)
{
    const auto number = [](const json& value) -> std::optional<double> {
        if (value.is_number())
            return value.get<double>();
        const json parsed =
            value.is_string() ? json::parse(value.get<std::string>(), nullptr, false) : json();
        return parsed.is_number() ? std::optional(parsed.get<double>()) : std::nullopt;
    };
    const std::optional<double> a = number(left), b = number(right);
    if (a && b && !asText)
        return *a <=> *b;
    return textOfValue(left) <=> textOfValue(right);
}

/// True if @p holds is true for each pair of neighbours.
bool chain(const json& args, const std::function<bool(std::partial_ordering)>& holds)
{
    const json& values = args.at("values");
    if (!values.is_array() || values.size() < 2)
        throw Error(ErrorCode::InvalidInput, "\"values\" is a list of at least two");
    const bool asText = isTrue(args.value("force_strings", json(false)));
    for (std::size_t i = 1; i < values.size(); ++i)
        if (!holds(compared(values[i - 1], values[i], asText)))
            return false;
    return true;
}

bool matches(const json& args, bool whole)
{
    return fitsPattern(textOfValue(args.at("value")), textOfValue(args.at("regex")), whole);
}

bool isOneOf(const json& args)
{
    const json& values = args.at("values");
    return std::any_of(values.begin(), values.end(),
                       [&](const json& one) { return one == args.at("value"); });
}

using Condition = std::function<bool(const json& args)>;

const std::map<std::string, Condition, std::less<>>& conditions()
{
    static const std::map<std::string, Condition, std::less<>> table{
        {"eq", [](const json& a) { return chain(a, [](auto order) { return std::is_eq(order); }); }},
        {"lt", [](const json& a) { return chain(a, [](auto order) { return std::is_lt(order); }); }},
        {"gt", [](const json& a) { return chain(a, [](auto order) { return std::is_gt(order); }); }},
        {"is-empty", [](const json& a) { return isEmpty(a.at("value")); }},
        {"in-net",
         [](const json& a) {
             return platform::isInSubnet(textOfValue(a.at("address")), textOfValue(a.at("subnet")));
         }},
        {"matches", [](const json& a) { return matches(a, true); }},
        {"contains", [](const json& a) { return matches(a, false); }},
        {"one-of", isOneOf},
        {"is-none", [](const json& a) { return a.at("value").is_null(); }},
        {"is-true", [](const json& a) { return isTrue(a.at("value")); }},
        {"is-false", [](const json& a) { return !isTrue(a.at("value")); }},
    };
    return table;
}

/// The items of the loop; one null without a loop.
std::vector<json> itemsOf(const json& part, const InspectionFacts& facts)
{
    if (!part.contains("loop"))
        return {json()};
    const json items = RuleValues(facts, nullptr).resolved(part.at("loop"));
    std::vector<json> all;
    if (items.is_array())
        all.assign(items.begin(), items.end());
    else if (items.is_object())
        for (const auto& [key, value] : items.items())
            all.push_back({{"key", key}, {"value", value}});
    return all;
}

bool holdsFor(const json& condition, const std::string& name, bool negated, const json& item,
              const InspectionFacts& facts)
{
    const json args = RuleValues(facts, &item).resolved(condition.at("args"));
    return conditions().find(name)->second(args) != negated;
}

bool holds(const json& condition, const InspectionFacts& facts)
{
    std::string name = condition.at("op");
    const bool negated = name.starts_with('!');
    name.erase(0, name.find_first_not_of("! "));
    if (!conditions().contains(name))
        throw Error(ErrorCode::InvalidInput, "no operator \"" + name + "\"");
    const std::vector<json> items = itemsOf(condition, facts);
    const auto one = [&](const json& item) { return holdsFor(condition, name, negated, item, facts); };
    const std::string multiple = condition.value("multiple", "any");
    if (items.empty())
        return false;
    if (multiple == "all")
        return std::ranges::all_of(items, one);
    if (multiple == "first" || multiple == "last")
        return one(multiple == "first" ? items.front() : items.back());
    return std::ranges::any_of(items, one);
}

// --- actions
// ------------------------------------------------------------------------------------------------

void setAt(json& root, const Keys& keys, json value)
{
    json* at = &root;
    for (std::size_t i = 0; i + 1 < keys.size(); ++i) {
        if (!at->is_object() && !at->is_null())
            throw Error(ErrorCode::InvalidInput, "\"" + keys[i] + "\" is not an object");
        at = &(*at)[keys[i]];
    }
    if (!at->is_object() && !at->is_null())
        throw Error(ErrorCode::InvalidInput,
                    "\"" + keys.back() + "\" is below a value that is not an object");
    (*at)[keys.back()] = std::move(value);
}

const json* getAt(const json& root, const Keys& keys)
{
    const json* at = &root;
    for (const std::string& key : keys)
        if ((at = memberAt(*at, key)) == nullptr)
            return nullptr;
    return at;
}

void removeAt(json& root, const Keys& keys)
{
    Keys parents(keys.begin(), keys.end() - 1);
    if (const json* parent = getAt(root, parents); parent != nullptr && parent->is_object()) {
        json copy = *parent;
        copy.erase(keys.back());
        if (parents.empty())
            root = copy;
        else
            setAt(root, parents, copy);
    }
}

void extendAt(json& root, const Keys& keys, const json& args)
{
    const json* there = getAt(root, keys);
    json list = there == nullptr || there->is_null() ? json::array() : *there;
    if (!list.is_array())
        throw Error(ErrorCode::InvalidInput, "\"" + keys.back() + "\" is not a list");
    const bool unique = isTrue(args.value("unique", json(false)));
    if (!unique || std::find(list.begin(), list.end(), args.at("value")) == list.end())
        list.push_back(args.at("value"));
    setAt(root, keys, list);
}

json& portOf(InspectionFacts& facts, const json& args)
{
    const std::string ident = textOfValue(args.at("port_id"));
    for (json& port : facts.ports)
        if (port.value("uuid", "") == ident || port.value("address", "") == ident ||
            port.value("name", "") == ident)
            return port;
    throw Error(ErrorCode::InvalidInput, "the node has no port \"" + ident + "\"");
}

/// "boot_mode:uefi,raid_level:1" as Ironic keeps capabilities.
std::map<std::string, std::string> capabilitiesOf(const json& node)
{
    std::map<std::string, std::string> all;
    const json* text = getAt(node, {"properties", "capabilities"});
    std::string rest = text == nullptr || !text->is_string() ? "" : text->get<std::string>();
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(','), rest.size());
        const std::string one = rest.substr(0, end);
        if (const std::size_t colon = one.find(':'); colon != std::string::npos)
            all[one.substr(0, colon)] = one.substr(colon + 1);
        rest.erase(0, std::min(end + 1, rest.size()));
    }
    return all;
}

void setCapabilities(json& node, const std::map<std::string, std::string>& all)
{
    std::string text;
    for (const auto& [name, value] : all)
        text += fmt::format("{}{}:{}", text.empty() ? "" : ",", name, value);
    setAt(node, {"properties", "capabilities"}, text);
}

void changeTraits(json& node, const json& args, bool add)
{
    const std::string trait = textOfValue(args.at("name"));
    json kept = json::array();
    for (const json& one : node.value("traits", json::array()))
        if (one != trait)
            kept.push_back(one);
    if (add)
        kept.push_back(trait);
    node["traits"] = kept;
}

using Action = std::function<void(InspectionFacts& facts, const json& args)>;

const std::map<std::string, Action, std::less<>>& actions()
{
    static const std::map<std::string, Action, std::less<>> table{
        {"fail", [](InspectionFacts&,
                    const json& a) { throw Error(ErrorCode::InvalidInput, textOfValue(a.at("msg"))); }},
        {"set-attribute",
         [](InspectionFacts& f, const json& a) { setAt(f.node, pathOf(a.at("path")), a.at("value")); }},
        {"extend-attribute",
         [](InspectionFacts& f, const json& a) { extendAt(f.node, pathOf(a.at("path")), a); }},
        {"del-attribute", [](InspectionFacts& f, const json& a) { removeAt(f.node, pathOf(a.at("path"))); }},
        {"set-capability",
         [](InspectionFacts& f, const json& a) {
             auto all = capabilitiesOf(f.node);
             all[textOfValue(a.at("name"))] = textOfValue(a.at("value"));
             setCapabilities(f.node, all);
         }},
        {"unset-capability",
         [](InspectionFacts& f, const json& a) {
             auto all = capabilitiesOf(f.node);
             all.erase(textOfValue(a.at("name")));
             setCapabilities(f.node, all);
         }},
        {"add-trait", [](InspectionFacts& f, const json& a) { changeTraits(f.node, a, true); }},
        {"remove-trait", [](InspectionFacts& f, const json& a) { changeTraits(f.node, a, false); }},
        {"set-plugin-data",
         [](InspectionFacts& f, const json& a) { setAt(f.pluginData, pathOf(a.at("path")), a.at("value")); }},
        {"extend-plugin-data",
         [](InspectionFacts& f, const json& a) { extendAt(f.pluginData, pathOf(a.at("path")), a); }},
        {"unset-plugin-data",
         [](InspectionFacts& f, const json& a) { removeAt(f.pluginData, pathOf(a.at("path"))); }},
        {"set-port-attribute",
         [](InspectionFacts& f, const json& a) { setAt(portOf(f, a), pathOf(a.at("path")), a.at("value")); }},
        {"extend-port-attribute",
         [](InspectionFacts& f, const json& a) { extendAt(portOf(f, a), pathOf(a.at("path")), a); }},
        {"del-port-attribute",
         [](InspectionFacts& f, const json& a) { removeAt(portOf(f, a), pathOf(a.at("path"))); }},
        {"log", [](InspectionFacts& f, const json& a) { f.messages.push_back(textOfValue(a.at("msg"))); }},
    };
    return table;
}

void act(const json& action, InspectionFacts& facts)
{
    const auto found = actions().find(action.at("op").get<std::string>());
    if (found == actions().end())
        throw Error(ErrorCode::InvalidInput, "no action \"" + action.at("op").get<std::string>() + "\"");
    for (const json& item : itemsOf(action, facts))
        found->second(facts, RuleValues(facts, &item).resolved(action.at("args")));
}

std::string nameOf(const InspectionRule& rule)
{
    return rule.description.empty() ? rule.id.uuid : rule.description + " (" + rule.id.uuid + ")";
}

void applyRule(const InspectionRule& rule, InspectionFacts& facts)
{
    const json wanted = wire::valueOf(rule.conditions);
    if (!std::all_of(wanted.begin(), wanted.end(), [&](const json& one) { return holds(one, facts); }))
        return;
    for (const json& action : wire::valueOf(rule.actions))
        act(action, facts);
}

constexpr const char* kRuleHint = "baremetal inspection rule show UUID shows its conditions and actions";

} // namespace

void applyInspectionRules(std::vector<InspectionRule> rules, InspectionFacts& facts)
{
    std::ranges::stable_sort(rules, std::ranges::greater{}, &InspectionRule::priority);
    for (const InspectionRule& rule : rules) {
        try {
            applyRule(rule, facts);
        } catch (const Error& error) {
            throw Error(ErrorCode::InvalidInput, "inspection rule " + nameOf(rule) + ": " + error.message(),
                        error.hint().empty() ? kRuleHint : error.hint());
        } catch (const json::exception& error) {
            throw Error(ErrorCode::InvalidInput, "inspection rule " + nameOf(rule) + ": " + error.what(),
                        kRuleHint);
        }
    }
}

} // namespace bm::conductor

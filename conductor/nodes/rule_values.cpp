#include "conductor/nodes/rule_values.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace bm::conductor {

using nlohmann::json;

namespace {

constexpr auto kRoots = std::to_array<std::string_view>({"node", "inventory", "plugin_data", "item"});

/// A name in braces: where it begins and ends in its text, braces included.
struct NameInBraces {
    std::size_t begin = 0;
    std::size_t end = 0;
};

/// The first one at @p from or after it.
std::optional<NameInBraces> nextName(std::string_view text, std::size_t from)
{
    for (std::size_t open = text.find('{', from); open != std::string_view::npos;
         open = text.find('{', open + 1)) {
        const std::size_t close = text.find('}', open);
        if (close == std::string_view::npos)
            return std::nullopt;
        const std::string_view name = text.substr(open + 1, close - open - 1);
        if (std::ranges::find(kRoots, name.substr(0, name.find_first_of("[."))) != kRoots.end())
            return NameInBraces{open, close + 1};
    }
    return std::nullopt;
}

} // namespace

std::vector<std::string> ruleKeys(std::string_view text)
{
    std::vector<std::string> keys;
    std::string key;
    for (const char c : text) {
        if (c == '[' || c == ']' || c == '.') {
            if (!key.empty())
                keys.push_back(std::exchange(key, {}));
        } else {
            key += c;
        }
    }
    if (!key.empty())
        keys.push_back(key);
    return keys;
}

const json* memberAt(const json& value, const std::string& key)
{
    if (value.is_object()) {
        const auto found = value.find(key);
        return found == value.end() ? nullptr : &*found;
    }
    const bool digits = !key.empty() && key.size() < 7 &&
                        std::ranges::all_of(key, [](char c) { return c >= '0' && c <= '9'; });
    if (value.is_array() && digits)
        if (const auto at = static_cast<std::size_t>(std::stoul(key)); at < value.size())
            return &value[at];
    return nullptr;
}

bool namesRuleValue(std::string_view text)
{
    return nextName(text, 0).has_value();
}

json RuleValues::resolved(const json& argument) const
{
    if (argument.is_string())
        return resolvedText(argument.get_ref<const std::string&>());
    json out = argument;
    if (argument.is_structured())
        for (json& value : out)
            value = resolved(json(value));
    return out;
}

json RuleValues::resolvedText(const std::string& text) const
{
    std::string out;
    std::size_t at = 0;
    while (const std::optional<NameInBraces> name = nextName(text, at)) {
        json value = valueAt(text.substr(name->begin + 1, name->end - name->begin - 2));
        if (name->begin == 0 && name->end == text.size())
            return value;
        out +=
            text.substr(at, name->begin - at) + (value.is_string() ? value.get<std::string>() : value.dump());
        at = name->end;
    }
    return out + text.substr(at);
}

json RuleValues::valueAt(const std::string& name) const
{
    const std::vector<std::string> keys = ruleKeys(name);
    const json* value = keys.empty() ? nullptr : root(keys.front());
    for (std::size_t i = 1; i < keys.size() && value != nullptr; ++i)
        value = memberAt(*value, keys[i]);
    return value == nullptr ? json() : *value;
}

const json* RuleValues::root(const std::string& name) const
{
    if (name == "node")
        return &facts_.node;
    if (name == "inventory")
        return &facts_.inventory;
    if (name == "plugin_data")
        return &facts_.pluginData;
    return name == "item" ? item_ : nullptr;
}

} // namespace bm::conductor

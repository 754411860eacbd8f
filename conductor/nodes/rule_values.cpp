#include "conductor/nodes/rule_values.h"

#include <algorithm>
#include <utility>

namespace bm::conductor {

using nlohmann::json;

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
    if (text.size() > 2 && text.front() == '{' && text.find('}') == text.size() - 1)
        return valueAt(text.substr(1, text.size() - 2));
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t open = text.find('{', at);
        const std::size_t close = open == std::string::npos ? open : text.find('}', open);
        if (close == std::string::npos)
            return out + text.substr(at);
        const json value = valueAt(text.substr(open + 1, close - open - 1));
        out += text.substr(at, open - at) + (value.is_string() ? value.get<std::string>() : value.dump());
        at = close + 1;
    }
    return out;
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

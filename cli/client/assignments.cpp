#include "cli/client/assignments.h"

#include "common/model/error.h"
#include "common/text/secret_names.h"

#include <fmt/format.h>

namespace bm::cli {

using nlohmann::json;

namespace {

bool isSecret(const std::string& key)
{
    return model::namesSecret(key.substr(key.rfind('/') + 1));
}

/// A word of a shell.
std::string shellQuoted(const std::string& text)
{
    std::string out = "'";
    for (const char c : text)
        out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

/// The value of KEY=VALUE.
json typedValue(const std::string& key, const std::string& text)
{
    if (isSecret(key))
        return text;
    const json value = json::parse(text, nullptr, false);
    const bool asTyped = (value.is_boolean() || value.is_number_integer()) && value.dump() == text;
    return asTyped || value.is_structured() ? value : json(text);
}

} // namespace

json Assignment::value() const
{
    if (!isJson)
        return typedValue(key, text);
    json value = json::parse(text, nullptr, false);
    if (value.is_discarded())
        throw model::Error(
            model::ErrorCode::InvalidInput,
            fmt::format("\"{}:={}\": the value is not JSON", key, isSecret(key) ? "******" : text),
            "KEY=VALUE takes any text; KEY:=JSON takes JSON, for example: extra/rate:=1.5");
    return value;
}

std::optional<Assignment> assignmentOf(const std::string& argument)
{
    const std::size_t equals = argument.find('=');
    if (equals == std::string::npos || equals == 0)
        return std::nullopt;
    const bool asJson = equals > 1 && argument[equals - 1] == ':';
    return Assignment{argument.substr(0, asJson ? equals - 1 : equals), argument.substr(equals + 1), asJson};
}

json patchOf(const std::vector<std::string>& assignments)
{
    json patch = json::array();
    for (const std::string& argument : assignments) {
        const std::optional<Assignment> assignment = assignmentOf(argument);
        if (!assignment)
            throw model::Error(model::ErrorCode::InvalidInput, "\"" + argument + "\" is not FIELD=VALUE",
                               "for example: properties/rack=r1");
        const std::string path = "/" + assignment->key;
        if (assignment->text.empty())
            patch.push_back({{"op", "remove"}, {"path", path}});
        else
            patch.push_back({{"op", "add"}, {"path", path}, {"value", assignment->value()}});
    }
    return patch;
}

model::Error refusalOf(const std::vector<std::string>& assignments, const model::Error& error)
{
    const std::string& message = error.message();
    if (message.find("is not of type 'string'") == std::string::npos)
        return error;
    for (const std::string& argument : assignments) {
        const std::optional<Assignment> assignment = assignmentOf(argument);
        if (!assignment || message.find(assignment->key + ": ") == std::string::npos)
            continue;
        return {
            error.code(), message,
            fmt::format("for a text: {}:={}", assignment->key, shellQuoted(json(assignment->text).dump()))};
    }
    return error;
}

json hintsOf(const std::vector<std::string>& hints, const std::string& option)
{
    json out = json::object();
    for (const std::string& hint : hints) {
        const std::optional<Assignment> assignment = assignmentOf(hint);
        if (!assignment)
            throw model::Error(model::ErrorCode::InvalidInput,
                               fmt::format("{} {}: expected HINT=VALUE", option, hint),
                               "for example: serial=WD-1234 or \"size=>= 400\"");
        out[assignment->key] = assignment->isJson ? assignment->value() : json(assignment->text);
    }
    return out;
}

} // namespace bm::cli

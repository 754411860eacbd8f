#include "cli/client/assignments.h"

#include "common/model/error.h"
#include "common/text/secret_names.h"

#include <fmt/format.h>

namespace bm::cli {

using nlohmann::json;

json valueOf(const std::string& text)
{
    json value = json::parse(text, nullptr, false);
    return value.is_discarded() ? json(text) : value;
}

namespace {

/// The value of FIELD=VALUE.
json typedValue(const std::string& field, const std::string& text)
{
    if (model::namesSecret(field.substr(field.rfind('/') + 1)))
        return text;
    const json value = json::parse(text, nullptr, false);
    const bool asTyped = (value.is_boolean() || value.is_number_integer()) && value.dump() == text;
    return asTyped || value.is_structured() ? value : json(text);
}

/// The value of FIELD:=JSON.
json jsonValue(const std::string& assignment, const std::string& text)
{
    json value = json::parse(text, nullptr, false);
    if (value.is_discarded())
        throw model::Error(
            model::ErrorCode::InvalidInput, "\"" + assignment + "\": the value is not JSON",
            "FIELD=VALUE takes any text; FIELD:=JSON takes JSON, for example: extra/rate:=1.5");
    return value;
}

} // namespace

json patchOf(const std::vector<std::string>& assignments)
{
    json patch = json::array();
    for (const std::string& assignment : assignments) {
        const std::size_t equals = assignment.find('=');
        if (equals == std::string::npos || equals == 0)
            throw model::Error(model::ErrorCode::InvalidInput, "\"" + assignment + "\" is not FIELD=VALUE",
                               "for example: properties/rack=r1");
        const bool asJson = equals > 1 && assignment[equals - 1] == ':';
        const std::string field = assignment.substr(0, asJson ? equals - 1 : equals);
        const std::string path = "/" + field;
        const std::string text = assignment.substr(equals + 1);
        if (text.empty()) {
            patch.push_back({{"op", "remove"}, {"path", path}});
            continue;
        }
        patch.push_back({{"op", "add"},
                         {"path", path},
                         {"value", asJson ? jsonValue(assignment, text) : typedValue(field, text)}});
    }
    return patch;
}

json hintsOf(const std::vector<std::string>& hints, const std::string& option)
{
    json out = json::object();
    for (const std::string& hint : hints) {
        const std::size_t equals = hint.find('=');
        if (equals == std::string::npos)
            throw model::Error(model::ErrorCode::InvalidInput,
                               fmt::format("{} {}: expected HINT=VALUE", option, hint),
                               "for example: serial=WD-1234 or \"size=>= 400\"");
        out[hint.substr(0, equals)] = hint.substr(equals + 1);
    }
    return out;
}

} // namespace bm::cli

#include "api/ironic/selected_fields.h"

#include "common/model/error.h"
#include "common/text/text.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <set>

namespace bm::api {

std::string selectedFields(const std::string& whole, const std::optional<std::string>& fields)
{
    if (!fields)
        return whole;
    using Json = nlohmann::ordered_json;
    const Json object = Json::parse(whole);
    std::set<std::string> wanted{"links"}, unknown;
    for (std::string_view rest = *fields; !rest.empty();) {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        const std::string name(rest.substr(0, comma));
        (object.contains(name) ? wanted : unknown).insert(name);
        rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    if (!unknown.empty())
        throw model::Error(
            model::ErrorCode::InvalidInput,
            fmt::format("Field(s) \"{}\" are not valid", text::joined(unknown, ", ").substr(0, 80)),
            "without fields=, the answer to GET of one object shows every field");
    Json selected = Json::object();
    for (const auto& [name, value] : object.items())
        if (wanted.contains(name))
            selected[name] = value;
    return selected.dump();
}

} // namespace bm::api

#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace bm::cli {

/// Parses @p text as a JSON number, boolean, object or list; any other text becomes a JSON string.
nlohmann::json valueOf(const std::string& text);
/// Converts assignments to a JSON Patch (RFC 6902). FIELD=VALUE: booleans, integers, lists and objects are
/// JSON; other values, and all values of secrets, are texts as typed ("831877e8" is no number). FIELD:=JSON:
/// any JSON. An empty value removes the member. @throws Error InvalidInput
nlohmann::json patchOf(const std::vector<std::string>& assignments);
/// Converts HINT=VALUE texts to root device hints. @p option names the command-line option in messages.
/// @throws Error InvalidInput
nlohmann::json hintsOf(const std::vector<std::string>& hints, const std::string& option);

} // namespace bm::cli

#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace bm::cli {

/// Parses @p text as a JSON number, boolean, object or list; any other text becomes a JSON string.
nlohmann::json valueOf(const std::string& text);
/// Converts assignments such as "properties/rack=r1" to a JSON Patch (RFC 6902). Values are parsed by
/// valueOf(). An empty value removes the member. @throws Error InvalidInput
nlohmann::json patchOf(const std::vector<std::string>& assignments);
/// Converts HINT=VALUE texts to root device hints. @p option names the command-line option in messages.
/// @throws Error InvalidInput
nlohmann::json hintsOf(const std::vector<std::string>& hints, const std::string& option);

} // namespace bm::cli

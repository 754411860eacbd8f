#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace bm::cli {

/// JSON where @p text reads as a number, boolean, object or list, else a text.
nlohmann::json valueOf(const std::string& text);
/// "properties/rack=r1" and the like to a JSON Patch (RFC 6902): VALUE as above; an empty one
/// removes the member. @throws Error InvalidInput
nlohmann::json patchOf(const std::vector<std::string>& assignments);
/// HINT=VALUE texts as root device hints. @throws Error InvalidInput
nlohmann::json hintsOf(const std::vector<std::string>& hints, const std::string& option);

} // namespace bm::cli

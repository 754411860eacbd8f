#pragma once
#include <optional>
#include <string>

namespace bm::api {

/// The members of the JSON object @p whole that @p fields ("a,b") names, and its links; all without @p
/// fields. For resources whose fields no table has. @throws Error InvalidInput: there is no such member
std::string selectedFields(const std::string& whole, const std::optional<std::string>& fields);

} // namespace bm::api

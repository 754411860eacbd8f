#pragma once
#include "common/text/json_text.h"

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bm::wire {

inline constexpr int kMaxJsonDepth = 25; ///< objects and lists within each other

/// JSON from outside. @throws Error InvalidInput with line and column, or when nested deeper than
/// kMaxJsonDepth
nlohmann::json parseJson(std::string_view text);
/// The same, and it is an object. @throws Error InvalidInput
nlohmann::json parseObject(std::string_view text);

/// @throws Error InvalidInput naming the first key of @p object that is not in @p allowed
void refuseUnknown(const nlohmann::json& object, std::span<const std::string_view> allowed,
                   std::string_view what);
inline void refuseUnknown(const nlohmann::json& object, std::initializer_list<std::string_view> allowed,
                          std::string_view what)
{
    refuseUnknown(object, std::span(allowed.begin(), allowed.size()), what);
}

/// Values by type; @p field is named in the refusal ("ports[2].address"). @throws Error InvalidInput
std::string asString(const nlohmann::json& value, std::string_view field);
std::string asStringOrNull(const nlohmann::json& value, std::string_view field); ///< null is ""
bool asBoolean(const nlohmann::json& value,
               std::string_view field); ///< also "true", "False", 0, 1: Ironic takes them
std::int64_t asInteger(const nlohmann::json& value, std::string_view field, std::int64_t low,
                       std::int64_t high);
/// A count or a size, 0 to @p most: the largest number that the database and JsonWriter take.
std::uint64_t asCount(const nlohmann::json& value, std::string_view field, std::uint64_t most = INT64_MAX);
model::JsonText asObjectText(const nlohmann::json& value, std::string_view field); ///< null is {}
std::vector<std::string> asStrings(const nlohmann::json& value, std::string_view field);

/// A member when present and not null.
const nlohmann::json* memberOf(const nlohmann::json& object, std::string_view key);
/// @throws Error InvalidInput when it is there and no string
std::string stringMember(const nlohmann::json& object, std::string_view key, std::string fallback = {});

/// Canonical text: sorted keys, no blanks.
model::JsonText canonical(const nlohmann::json& value);
/// The type of a value, for messages: "a number", "a list".
std::string_view kindOf(const nlohmann::json& value);

} // namespace bm::wire

#pragma once
#include "common/text/json_text.h"

#include <nlohmann/json.hpp>
#include <string>

namespace bm::conductor {

/// The value of a JSON column. @throws Error Internal when the stored text is no JSON (never for our own)
nlohmann::json valueOf(const model::JsonText& text);
/// Canonical text: sorted keys, no blanks.
model::JsonText textOf(const nlohmann::json& value);
/// A member as text, "" when absent or null; numbers and booleans in their JSON form.
std::string textMember(const nlohmann::json& object, const std::string& key);
/// JSON that came from outside. @throws Error InvalidInput naming @p what
nlohmann::json parseGiven(const std::string& text, const std::string& what);

} // namespace bm::conductor

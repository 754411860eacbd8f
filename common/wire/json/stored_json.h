#pragma once
#include "common/text/json_text.h"

#include <nlohmann/json.hpp>
#include <string>

namespace bm::wire {

/// The value of a stored JSON text, one that canonical() made. @throws Error Internal when it is no JSON
nlohmann::json valueOf(const model::JsonText& text);
/// A member as text: "" when absent or null; numbers, booleans, objects and lists in their JSON form.
std::string textMember(const nlohmann::json& object, const std::string& key);

} // namespace bm::wire

#pragma once
#include "common/text/json_text.h"

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace bm::wire {

/// True if @p text is a trait: a standard one, or CUSTOM_ and capitals, digits, underscores.
bool isTrait(std::string_view text) noexcept;
/// @throws Error InvalidInput naming @p field
void requireTrait(const std::string& text, std::string_view field);
/// A client's list of traits, sorted, without repetitions. @throws Error InvalidInput naming @p field
std::vector<std::string> asTraits(const nlohmann::json& value, std::string_view field);
/// @throws Error InvalidInput: no trait, more than 50
model::JsonText traitsText(const std::vector<std::string>& traits, std::string_view field = "traits");

} // namespace bm::wire

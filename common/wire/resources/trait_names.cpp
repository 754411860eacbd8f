#include "common/wire/resources/trait_names.h"

#include "common/model/error.h"
#include "common/wire/json/json_input.h"
#include "common/wire/json/schema_words.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bm::wire {

using model::Error;
using model::ErrorCode;

namespace {

constexpr std::size_t kMostTraits = 50; ///< of one node, as in Ironic
constexpr std::size_t kMostLetters = 255;

} // namespace

bool isTrait(std::string_view text) noexcept
{
    return !text.empty() && text.size() <= kMostLetters && std::ranges::all_of(text, [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    });
}

void requireTrait(const std::string& text, std::string_view field)
{
    if (isTrait(text))
        return;
    constexpr const char* kHint = "a standard trait, or CUSTOM_ and capitals, digits, underscores";
    if (text.empty())
        throw tooShort(field, "''", kHint);
    requireLength(field, text, kMostLetters, kHint);
    throw notValid(field, text, notMatching(field, text, "^CUSTOM_[A-Z0-9_]+$", kHint));
}

std::vector<std::string> asTraits(const nlohmann::json& value, std::string_view field)
{
    std::vector<std::string> traits;
    if (!value.is_null())
        traits = asStrings(value, field);
    for (const std::string& trait : traits)
        requireTrait(trait, field);
    std::ranges::sort(traits);
    traits.erase(std::unique(traits.begin(), traits.end()), traits.end());
    if (traits.size() > kMostTraits)
        throw Error(ErrorCode::InvalidInput, fmt::format("{}: at most {}", field, kMostTraits));
    return traits;
}

model::JsonText traitsText(const std::vector<std::string>& traits, std::string_view field)
{
    return canonical(asTraits(nlohmann::json(traits), field));
}

} // namespace bm::wire

#include "common/wire/resources/trait_names.h"

#include "common/model/error.h"
#include "common/wire/json/json_input.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bm::wire {

using model::Error;
using model::ErrorCode;

namespace {

constexpr std::size_t kMostTraits = 50; ///< of one node, as in Ironic

} // namespace

bool isTrait(std::string_view text) noexcept
{
    constexpr std::size_t kMostLetters = 255;
    return !text.empty() && text.size() <= kMostLetters && std::ranges::all_of(text, [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    });
}

std::vector<std::string> asTraits(const nlohmann::json& value, std::string_view field)
{
    std::vector<std::string> traits;
    if (!value.is_null())
        traits = asStrings(value, field);
    for (const std::string& trait : traits)
        if (!isTrait(trait))
            throw Error(ErrorCode::InvalidInput,
                        fmt::format("{}: \"{}\" is not a trait", field, trait.substr(0, 80)),
                        "a standard trait, or CUSTOM_ and capitals, digits, underscores");
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

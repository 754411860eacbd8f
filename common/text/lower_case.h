#pragma once
#include <algorithm>
#include <string>
#include <string_view>

namespace bm::model {

/// @p text with the letters A to Z in lower case and everything else as it is, whatever the locale: for
/// names that protocols and formats compare without regard to case.
inline std::string lowerCase(std::string_view text)
{
    std::string lower(text);
    std::ranges::transform(lower, lower.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return lower;
}

} // namespace bm::model

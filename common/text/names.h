#pragma once
#include "common/text/text.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace bm::text {

constexpr bool isLetterOrDigit(char c) noexcept
{
    return isDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// True if a program reads @p argument as an option.
constexpr bool isOption(std::string_view argument) noexcept
{
    return argument.starts_with('-');
}

/// True for 1 to @p most letters, digits and characters of @p also.
constexpr bool hasOnly(std::string_view text, std::size_t most, std::string_view also) noexcept
{
    return !text.empty() && text.size() <= most && std::ranges::all_of(text, [also](char c) {
        return isLetterOrDigit(c) || also.find(c) != std::string_view::npos;
    });
}

/// The rule for names that people type and programs get as arguments: 1 to @p most letters, digits and
/// characters of @p also, the first one not '-'.
constexpr bool isPlainName(std::string_view name, std::size_t most, std::string_view also = "-._") noexcept
{
    return hasOnly(name, most, also) && !isOption(name);
}

} // namespace bm::text

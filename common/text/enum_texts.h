#pragma once
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace bm::model {

/// Text forms of an enum as a table in the enum's order.
template <class Enum, std::size_t N>
std::optional<Enum> enumFromText(const std::array<std::string_view, N>& texts, std::string_view text)
{
    for (std::size_t i = 0; i < N; ++i)
        if (texts.at(i) == text)
            return static_cast<Enum>(i);
    return std::nullopt;
}

template <class Enum, std::size_t N>
std::string_view textOfEnum(const std::array<std::string_view, N>& texts, Enum value)
{
    return texts.at(static_cast<std::size_t>(value));
}

} // namespace bm::model

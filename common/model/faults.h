#pragma once
#include <algorithm>
#include <array>
#include <string_view>

namespace bm::model {

/// Node::fault of a node whose step ended bmd several times.
inline constexpr std::string_view kQuarantined = "quarantined";

/// Every value of Node::fault: Ironic's, and bm's own.
inline constexpr auto kFaults = std::to_array<std::string_view>(
    {"power failure", "clean failure", "rescue abort failure", "service failure", kQuarantined});

constexpr bool isFault(std::string_view text) noexcept
{
    return std::ranges::find(kFaults, text) != kFaults.end();
}

} // namespace bm::model

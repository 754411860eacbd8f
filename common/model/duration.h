#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace bm::model {

/// Parses "90m", "4h", "6d", "1h30m", "2w", "250ms": whole numbers, each with its unit (ms, s, m, h, d, w),
/// in any order, at most 3660 days. Nothing for any other text, a number without a unit included.
std::optional<std::chrono::milliseconds> durationFromText(std::string_view text);
/// Likewise. @throws Error InvalidInput "<field>: ..." for any other text
std::chrono::milliseconds requireDuration(std::string_view text, std::string_view field);
/// The shortest text that reads back as @p duration: "1d12h", "90s" is "1m30s", nothing is "0s".
std::string toText(std::chrono::milliseconds duration);

} // namespace bm::model

#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace bm::model {

/// "90m", "4h", "6d", "1h30m", "2w", "250ms": whole numbers, each with its unit (ms, s, m, h, d, w), largest
/// first or not, at most 3660 days. Nothing for any other text: a number without a unit would be a guess.
std::optional<std::chrono::milliseconds> durationFromText(std::string_view text);
/// The same, refusing what is none in the words "<field>: ...". @throws Error InvalidInput
std::chrono::milliseconds requireDuration(std::string_view text, std::string_view field);
/// The shortest text that reads back as @p duration: "1d12h", "90s" is "1m30s", nothing is "0s".
std::string toText(std::chrono::milliseconds duration);

} // namespace bm::model

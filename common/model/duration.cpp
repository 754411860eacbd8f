#include "common/model/duration.h"

#include "common/model/error.h"
#include "common/text/text.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace bm::model {
namespace {

struct Unit {
    std::string_view name;
    std::int64_t millis;
};
constexpr std::array<Unit, 6> kUnits{
    {{"w", 604'800'000}, {"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::int64_t kMostMillis = std::int64_t{3660} * 86'400'000;

std::optional<std::int64_t> unitOf(std::string_view name)
{
    for (const Unit& unit : kUnits)
        if (unit.name == name)
            return unit.millis;
    return std::nullopt;
}

} // namespace

std::optional<std::chrono::milliseconds> durationFromText(std::string_view text)
{
    if (text.empty())
        return std::nullopt;
    std::int64_t total = 0;
    while (!text.empty()) {
        const std::optional<std::int64_t> number = text::takeNumber<std::int64_t>(text);
        if (!number || *number < 0)
            return std::nullopt;
        const std::size_t length = std::min(text.find_first_of("0123456789"), text.size());
        const std::optional<std::int64_t> unit = unitOf(text.substr(0, length));
        if (!unit || *number > kMostMillis / *unit || total + *number * *unit > kMostMillis)
            return std::nullopt;
        total += *number * *unit;
        text.remove_prefix(length);
    }
    return std::chrono::milliseconds{total};
}

std::chrono::milliseconds requireDuration(std::string_view text, std::string_view field)
{
    if (const auto duration = durationFromText(text))
        return *duration;
    throw Error(ErrorCode::InvalidInput,
                std::string(field) + ": \"" + std::string(text.substr(0, 40)) + "\" is not a duration",
                "whole numbers with their units: 90m, 4h, 6d, 1h30m (ms, s, m, h, d, w)");
}

std::string toText(std::chrono::milliseconds duration)
{
    std::int64_t left = duration.count();
    std::string text = left < 0 ? "-" : "";
    left = left < 0 ? -left : left;
    for (const Unit& unit : kUnits) {
        if (unit.name == "w" || left < unit.millis)
            continue;
        text += std::to_string(left / unit.millis) + std::string(unit.name);
        left %= unit.millis;
    }
    return text.empty() ? "0s" : text;
}

} // namespace bm::model

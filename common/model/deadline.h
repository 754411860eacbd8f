#pragma once
#include <algorithm>
#include <chrono>
#include <stop_token>

namespace bm::model {

/// The deadline of a blocking call, with a token that stops it earlier. One for a whole step, not one per
/// retry.
struct Deadline {
    std::chrono::steady_clock::time_point at;
    std::stop_token stop{};

    static Deadline in(std::chrono::milliseconds span, std::stop_token stop = {})
    {
        return {std::chrono::steady_clock::now() + span, std::move(stop)};
    }
    /// Never negative.
    std::chrono::milliseconds left() const
    {
        const auto span =
            std::chrono::duration_cast<std::chrono::milliseconds>(at - std::chrono::steady_clock::now());
        return std::max(span, std::chrono::milliseconds{0});
    }
    bool over() const { return stop.stop_requested() || std::chrono::steady_clock::now() >= at; }
    /// The earlier of this and now + @p span.
    Deadline atMost(std::chrono::milliseconds span) const
    {
        return {std::min(at, std::chrono::steady_clock::now() + span), stop};
    }
};

} // namespace bm::model

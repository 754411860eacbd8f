#pragma once
#include <chrono>
#include <cstdint>

namespace bm::model {

/// Wall time, in the database and in messages as milliseconds UTC. Use steady_clock to measure durations.
using UtcTime = std::chrono::sys_time<std::chrono::milliseconds>;

inline std::int64_t toMillis(UtcTime time)
{
    return time.time_since_epoch().count();
}
inline UtcTime fromMillis(std::int64_t millis)
{
    return UtcTime{std::chrono::milliseconds{millis}};
}

/// The source of the current time: the system's clock, or one that a test advances. Thread-safe.
class Clock {
public:
    virtual ~Clock() = default;
    virtual UtcTime now() const = 0;
};

class SystemClock final : public Clock {
public:
    UtcTime now() const override
    {
        return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
    }
};

} // namespace bm::model

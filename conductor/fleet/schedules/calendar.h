#pragma once
#include "common/model/clock.h"
#include "conductor/fleet/schedules/cron.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bm::conductor::fleet {

/// A local time of day on some weekdays. One whose end is not after its begin goes past midnight and belongs
/// to the day it begins on.
struct MaintenanceWindow {
    std::uint32_t weekdays = 0x7F; ///< bit 0 is Sunday
    std::chrono::minutes from{0};  ///< since local midnight
    std::chrono::minutes to{1440}; ///< at most 24:00
};
/// Days without runs, both ends included; days since 1970-01-01 of the local calendar.
struct BlackoutDates {
    std::int64_t first = 0;
    std::int64_t last = 0;
};
/// The times at which a schedule may fire.
struct Calendar {
    std::string zone = "UTC";                 ///< a name of the tz database
    std::vector<MaintenanceWindow> windows{}; ///< none: always
    std::vector<BlackoutDates> blackout{};
};

/// @throws Error InvalidInput with the names that are near; Unavailable when the system has no tzdata
void requireZone(const std::string& name);
/// "mon-fri 22:00-06:00", "sat,sun 00:00-24:00", "22:00-06:00" (every day). @throws Error InvalidInput
MaintenanceWindow maintenanceWindowFromText(std::string_view text);
/// "2026-12-24" or "2026-12-24..2027-01-02". @throws Error InvalidInput
BlackoutDates blackoutFromText(std::string_view text);
/// "2026-12-24 02:30" (or with T, or with seconds) in @p zone; or with its own offset, "...Z", "...+01:00".
/// A local time that does not exist is the end of the gap, one that comes twice the first.
/// @throws Error InvalidInput
model::UtcTime timeFromText(std::string_view text, const std::string& zone);
/// "Sun 2026-03-29 03:00 CEST"
std::string toLocalText(model::UtcTime time, const std::string& zone);

/// The first time after @p after at which @p cron fires within @p calendar; nothing within 41 years.
/// Daylight saving (docs/schedules.md): a rule for every hour fires whenever the clock shows its minute. Any
/// other rule fires once, right after the gap, for a time that does not exist, and at the first occurrence of
/// a time that comes twice.
std::optional<model::UtcTime> nextDue(const Cron& cron, const Calendar& calendar, model::UtcTime after);
/// True if something may begin at @p at.
bool isOpen(const Calendar& calendar, model::UtcTime at);
/// The end of the open time around @p at: a window's end, or the midnight before a blackout; nothing: no end.
std::optional<model::UtcTime> closesAt(const Calendar& calendar, model::UtcTime at);

} // namespace bm::conductor::fleet

#pragma once
#include "common/model/clock.h"

#include <date/tz.h>
#include <string>

namespace bm::conductor::fleet {

/// A zone of the system's tz database, which is read once per process.
/// @throws Error InvalidInput with the names that are near; Unavailable when the system has no tzdata
const date::time_zone& zoneNamed(const std::string& name);

/// The moments at which the clocks of a zone show a local time: one; two if the time comes twice; the end of
/// the gap if it does not exist.
struct Moments {
    date::sys_seconds first{};
    date::sys_seconds second{}; ///< as first unless it comes twice
    bool exists = true;
};
Moments momentsOf(const date::time_zone& zone, date::local_seconds local);

inline date::sys_seconds inSeconds(model::UtcTime time)
{
    return date::floor<std::chrono::seconds>(time);
}

} // namespace bm::conductor::fleet

#pragma once
#include "common/model/unknown_machine.h"
#include "common/platform/guarded.h"
#include "conductor/core/recent_map.h"
#include "db/engine/database.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace bm::conductor {

/// The MAC address of bm doctor's own requests. No machine has it, and none of its requests is counted.
inline constexpr std::string_view kDoctorMac = "02:62:6d:00:00:01";

/// Counts the machines that are not enrolled, in memory, and adds them to the stored table when flush() is
/// called: a request of such a machine writes nothing. Table and memory hold the last kMost machines.
/// Thread-safe.
class UnknownMachines {
public:
    static constexpr std::size_t kMost = 1'000;

    /// @param vendorClass  of the DHCP message, and @p address the machine's; "" where the request has none
    void note(const model::MacAddress& mac, const std::string& address, const std::string& vendorClass,
              model::UtcTime now);
    /// Stores what was noted since the last call, and removes the machines that were enrolled since. A failed
    /// write loses the counts of this call.
    void flush(db::Database& database);

private:
    using Seen = RecentMap<std::string, model::UnknownMachine>;
    platform::Guarded<Seen> seen_{kMost};
};

} // namespace bm::conductor

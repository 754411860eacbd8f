#pragma once
#include "common/model/clock.h"
#include "db/engine/database.h"

#include <chrono>
#include <optional>
#include <string>

namespace bm::db {

/// The waits of a conductor's operations: the nodes whose lease it holds.
struct WaitShift {
    std::string holder;             ///< conductor's name
    std::chrono::milliseconds by{}; ///< negative where the clock was set back
    /// Waits that began in this span, ends included, stay: they began after the clock had changed.
    model::UtcTime keepFrom{};
    model::UtcTime keepTo{};
};

/// The life signs of conductors. A time in which a conductor does not live does not count against the waits
/// of its operations.
class ConductorRepository {
public:
    void beat(Transaction& tx, const std::string& name, const std::string& bootId, model::UtcTime now) const;
    /// The latest beat of any process of this name.
    std::optional<model::UtcTime> aliveAt(Transaction& tx, const std::string& name) const;
    /// Moves begin, deadline and next run of running operations, the windows of expected boots, and the
    /// deadlines of rollouts' gates. Moves no window of maintenance, no expiry and no time of a schedule.
    void shiftWaits(Transaction& tx, const WaitShift& shift) const;
};

} // namespace bm::db

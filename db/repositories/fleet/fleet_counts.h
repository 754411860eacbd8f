#pragma once
#include "common/model/clock.h"
#include "db/engine/database.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace bm::db {

/// Counts of the fleet, for /metrics.
struct FleetCounts {
    using ByText = std::vector<std::pair<std::string, std::int64_t>>;
    ByText nodesByState;
    std::int64_t nodesInMaintenance = 0;
    struct Unfinished {
        std::string kind;
        std::string state; ///< queued or running
        std::int64_t count = 0;
    };
    std::vector<Unfinished> operations;
    std::int64_t due = 0; ///< running operations whose run_at has passed
    std::optional<model::UtcTime> dueSince;
    ByText imagesByState;
    std::int64_t imageBytes = 0; ///< stored bytes; shared content counts once
    std::int64_t agentsInContact = 0;
    ByText rolloutsByState;
    std::int64_t schedules = 0; ///< active schedules
    std::int64_t schedulesPaused = 0;
    std::optional<model::UtcTime> nextDue{}; ///< of the active schedules
    std::int64_t webhooksParked = 0;
    std::int64_t webhookBacklog = 0; ///< undelivered events of the slowest active webhook
    std::int64_t lastEvent = 0;
};

/// The number of nodes per shard name; "" counts nodes without a shard.
FleetCounts::ByText nodesByShard(Transaction& tx);
/// @param contactSince  agents with a later last contact count as in contact
FleetCounts countFleet(Transaction& tx, model::UtcTime now, model::UtcTime contactSince);

} // namespace bm::db

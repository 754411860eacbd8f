#pragma once
#include "common/model/clock.h"
#include "db/engine/database.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace bm::db {

/// The fleet at a glance, by counting queries: what /metrics shows.
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
    std::int64_t due = 0; ///< operations that could be worked on now
    std::optional<model::UtcTime> dueSince;
    ByText imagesByState;
    std::int64_t imageBytes = 0; ///< stored; what several images share counts once
    std::int64_t agentsInContact = 0;
    ByText rolloutsByState;
    std::int64_t schedules = 0; ///< not paused
    std::int64_t schedulesPaused = 0;
    std::optional<model::UtcTime> nextDue{}; ///< of the schedules
    std::int64_t webhooksParked = 0;
    std::int64_t webhookBacklog = 0; ///< events, of the hook that is farthest behind and not parked
    std::int64_t lastEvent = 0;
};

/// Nodes of each shard, by its name; "" is that of those without.
FleetCounts::ByText nodesByShard(Transaction& tx);
/// @param contactSince  agents that called since then are in contact
FleetCounts countFleet(Transaction& tx, model::UtcTime now, model::UtcTime contactSince);

} // namespace bm::db

#pragma once
#include "common/model/node.h"
#include "common/platform/guarded.h"
#include "conductor/core/size_limits.h"
#include "db/engine/database.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

namespace bm::conductor {

/// Bounds the data of each project: the columns with a limit (size_limits.h) of its nodes, what belongs to
/// these, its allocations and runbooks. A node belongs to its owner, else to its lessee. bmd measures a
/// project once a minute at most while it stays below the limit, and counts changes in between. Thread-safe.
class ProjectData {
public:
    explicit ProjectData(std::uint64_t limitBytes) : limit_(static_cast<std::int64_t>(limitBytes)) {}
    /// Adds @p growth bytes to @p project ("": the system, which has no limit) once @p tx commits; a negative
    /// growth is always accepted. Call it before the change, in the unit that makes it.
    /// @throws Error TooLarge
    void grow(db::Transaction& tx, const std::string& project, std::int64_t growth);
    /// Refuses an oversized column of @p item, and counts its growth since @p before (null: a new record) for
    /// @p project. @throws Error TooLarge
    template <class T>
    void store(db::Transaction& tx, const std::string& project, const T& item, const T* before)
    {
        refuseOversize(item, before);
        const std::size_t old = before == nullptr ? 0 : bytesOf(*before);
        grow(tx, project, static_cast<std::int64_t>(bytesOf(item)) - static_cast<std::int64_t>(old));
    }
    /// The same for a node, which may change its project.
    void storeNode(db::Transaction& tx, const model::Node& node, const model::Node* before);

private:
    using Steady = std::chrono::steady_clock;
    struct Count {
        std::int64_t bytes = 0;
        Steady::time_point measuredAt{};
    };
    Count measured(db::Transaction& tx, const std::string& project, std::int64_t growth);

    std::int64_t limit_;
    platform::Guarded<std::map<std::string, Count>> counts_{};
};

/// The project that a node's data counts for: its owner, else its lessee; "": none.
inline const std::string& dataProjectOf(const model::Node& node)
{
    return node.owner.empty() ? node.lessee : node.owner;
}

} // namespace bm::conductor

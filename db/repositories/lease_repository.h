#pragma once
#include "common/model/clock.h"
#include "common/model/ids.h"
#include "db/engine/database.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bm::db {

struct LeaseEpoch {
    model::NodeId node;
    std::int64_t epoch = 0;
};

/// The exclusive right of a conductor to work on a node. The epoch rises with each take(), so a former holder
/// cannot write.
struct Lease {
    model::NodeId node;
    std::string holder;  ///< conductor's name
    std::string bootId;  ///< of the bmd process
    std::string purpose; ///< "deploy"
    std::int64_t epoch = 0;
    model::UtcTime since{};
};

class LeaseRepository {
public:
    /// Takes the lease; nullopt when another conductor or this process holds it. A restarted conductor (same
    /// @p holder, another boot id) takes its own lease over.
    std::optional<Lease> take(Transaction& tx, const model::NodeId& node, const std::string& holder,
                              const std::string& bootId, const std::string& purpose,
                              model::UtcTime now) const;
    /// Releases the lease; no effect when it has another epoch.
    void release(Transaction& tx, const LeaseEpoch& lease) const;
    std::optional<Lease> find(Transaction& tx, const model::NodeId& node) const;
    std::vector<Lease> all(Transaction& tx) const;
};

} // namespace bm::db

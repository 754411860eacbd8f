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

/// Who works on a node, for what, since when. The epoch rises with each taking, so a holder that lost it
/// cannot write.
struct Lease {
    model::NodeId node;
    std::string holder;  ///< conductor's name
    std::string bootId;  ///< of that bmd process
    std::string purpose; ///< "deploy"
    std::int64_t epoch = 0;
    model::UtcTime since{};
};

class LeaseRepository {
public:
    /// Nothing when another boot id holds it... unless @p holder is the same conductor (a restart takes its
    /// own back).
    std::optional<Lease> take(Transaction& tx, const model::NodeId& node, const std::string& holder,
                              const std::string& bootId, const std::string& purpose,
                              model::UtcTime now) const;
    /// Gives it back; nothing happens when it is not held with this epoch.
    void release(Transaction& tx, const LeaseEpoch& lease) const;
    std::optional<Lease> find(Transaction& tx, const model::NodeId& node) const;
    std::vector<Lease> all(Transaction& tx) const;
};

} // namespace bm::db

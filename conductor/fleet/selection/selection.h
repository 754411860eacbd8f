#pragma once
#include "conductor/fleet/selection/rollout_request.h"
#include "db/engine/database.h"

#include <memory>
#include <string>
#include <vector>

namespace bm::conductor::fleet {

/// A selected node with the facts for its verdict.
struct Selected {
    model::Node node;
    std::optional<model::UtcTime> lastDeployed;
};

/// The fleet in one transaction, for several selections.
class FleetView {
public:
    FleetView(db::Transaction& tx, model::UtcTime now);
    ~FleetView();
    FleetView(const FleetView&) = delete;
    FleetView& operator=(const FleetView&) = delete;
    /// As selectNodes; @p tx is the transaction that the view was made in.
    std::vector<Selected> select(db::Transaction& tx, const RolloutRequest& request) const;

private:
    struct Loaded;
    std::unique_ptr<Loaded> loaded_;
};

/// The nodes that @p request selects, unordered.
/// @throws Error NotFound (a named node), InvalidInput (the conditions match nothing, or the whole fleet
/// without `all`)
std::vector<Selected> selectNodes(db::Transaction& tx, model::UtcTime now, const RolloutRequest& request);

} // namespace bm::conductor::fleet

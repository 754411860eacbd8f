#pragma once
#include "common/model/operation.h"
#include "db/engine/database.h"

#include <string>
#include <vector>

namespace bm::db {

/// Number of nodes in a provision state.
struct StateCount {
    std::string state;
    std::int64_t nodes = 0;
    std::int64_t maintenance = 0; ///< those in maintenance
    std::int64_t poweredOn = 0;   ///< those powered on
};

struct NamedOperation {
    model::Operation operation;
    std::string nodeName; ///< "" for a nameless node
};

/// The duration of one step of a finished deployment.
struct StepSpan {
    std::string step;
    std::int64_t millis = 0;
};
struct DeploymentSpans {
    std::int64_t millis = 0; ///< from start to end
    std::vector<StepSpan> steps;
};

/// Queries about the whole fleet. Stateless.
class FleetRepository {
public:
    std::vector<StateCount> countStates(Transaction& tx) const;
    std::int64_t countOperations(Transaction& tx, model::OperationState state) const;
    /// Running operations first, then queued ones; each oldest first.
    std::vector<NamedOperation> unfinished(Transaction& tx, std::size_t limit) const;
    /// Operations that failed after @p since, newest first.
    std::vector<NamedOperation> failed(Transaction& tx, model::UtcTime since, std::size_t limit) const;
    /// The last @p limit successful deployments of @p image (name or uuid; "": any), newest first.
    std::vector<DeploymentSpans> deployments(Transaction& tx, const std::string& image,
                                             std::size_t limit) const;
};

} // namespace bm::db

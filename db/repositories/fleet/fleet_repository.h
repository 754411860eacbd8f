#pragma once
#include "common/model/operation.h"
#include "db/engine/database.h"

#include <string>
#include <vector>

namespace bm::db {

/// How many nodes are in a provision state.
struct StateCount {
    std::string state;
    std::int64_t nodes = 0;
    std::int64_t maintenance = 0; ///< of them
    std::int64_t poweredOn = 0;   ///< of them
};

struct NamedOperation {
    model::Operation operation;
    std::string nodeName; ///< "" for a node without one
};

/// How long one step of one finished deployment took.
struct StepSpan {
    std::string step;
    std::int64_t millis = 0;
};
struct DeploymentSpans {
    std::int64_t millis = 0; ///< from its start to its end
    std::vector<StepSpan> steps;
};

/// What is asked about the whole fleet. Stateless.
class FleetRepository {
public:
    std::vector<StateCount> countStates(Transaction& tx) const;
    std::int64_t countOperations(Transaction& tx, model::OperationState state) const;
    /// Running ones first, then queued ones, oldest first.
    std::vector<NamedOperation> unfinished(Transaction& tx, std::size_t limit) const;
    /// Failed after @p since, newest first.
    std::vector<NamedOperation> failed(Transaction& tx, model::UtcTime since, std::size_t limit) const;
    /// The last @p limit deployments that ended well, of @p image (name or uuid; "" any), newest first.
    std::vector<DeploymentSpans> deployments(Transaction& tx, const std::string& image,
                                             std::size_t limit) const;
};

} // namespace bm::db

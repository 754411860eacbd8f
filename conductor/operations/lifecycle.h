#pragma once
#include "common/model/states.h"
#include "common/wire/operation_request.h"
#include "conductor/core/context.h"

#include <optional>
#include <string>
#include <vector>

namespace bm::conductor {

/// Beginning and ending operations: each call is part of one write transaction, so node, operation, lease and
/// events always agree. The engine wakes, and the metrics count, after the commit.

struct NewOperation {
    model::OperationKind kind = model::OperationKind::Verify;
    wire::OperationRequest request{};
    std::vector<std::string> then{};
    std::string actor;
    model::RolloutId rollout{}; ///< that ordered it; empty: none
};

/// Moves @p node by @p event and stores a queued operation with its steps.
/// @throws Error InvalidTransition, NodeLocked
model::OperationId beginOperation(db::Transaction& tx, const Context& context, model::Node node,
                                  std::optional<model::StateEvent> event, const NewOperation& wanted);
/// Moves @p node by @p event without an operation (manage from available).
void moveNode(db::Transaction& tx, const Context& context, model::Node node, model::StateEvent event);
/// Ends @p operation as done: moves the state of its node @p node, as just read or changed, and begins the
/// operation that follows (`then`); one without steps ends at once, too.
void completeOperation(db::Transaction& tx, const Context& context, model::Operation operation,
                       model::Node node, const std::optional<db::LeaseEpoch>& epoch);
/// Ends @p operation as failed: moves the node to its failed state and stores the error.
void failOperation(db::Transaction& tx, const Context& context, model::Operation operation,
                   const model::Error& error, const std::optional<db::LeaseEpoch>& epoch);
/// Ends @p operation as aborted by its actor.
void abortOperation(db::Transaction& tx, const Context& context, model::Operation operation,
                    const std::optional<db::LeaseEpoch>& epoch);

/// Ends @p step with the error of @p operation, whose end is @p state: a step that has begun fails with a
/// failed operation, every other one is skipped.
void closeStep(db::Transaction& tx, const Context& context, const model::Operation& operation,
               model::OperationState state, model::UtcTime now, model::Step& step);

/// Applies @p event to @p node's state fields; bm's own transitions count when @p own.
/// @throws Error InvalidTransition in Ironic's words
void applyEvent(model::Node& node, model::StateEvent event, model::UtcTime now, bool own = false);
/// Shows @p step in the node's member for operations of @p kind (deploy_step, clean_step, service_step);
/// other kinds show none.
void showStep(model::Node& node, model::OperationKind kind, const model::JsonText& step);

} // namespace bm::conductor

#include "conductor/core/due_operations.h"

namespace bm::conductor {

void makeDueNow(db::Transaction& tx, const Context& context, const model::OperationId& id)
{
    db::OperationRepository{}.makeDueNow(tx, id, context.clock.now());
    tx.afterCommit(context.wake);
}

void requestAbort(db::Transaction& tx, const Context& context, model::Operation operation,
                  const std::string& actor)
{
    operation.abortRequested = true;
    operation.actor = actor;
    operation.runAt = context.clock.now();
    db::OperationRepository{}.update(tx, operation);
    tx.afterCommit(context.wake);
}

} // namespace bm::conductor

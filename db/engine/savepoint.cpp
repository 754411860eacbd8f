#include "db/engine/savepoint.h"

namespace bm::db {

Savepoint::Savepoint(Transaction& tx) : tx_(tx), actions_(tx.afterCommit_.size())
{
    tx_.execute("savepoint inner_unit", {});
}

void Savepoint::release()
{
    tx_.execute("release savepoint inner_unit", {});
}

void Savepoint::undo()
{
    tx_.afterCommit_.resize(actions_);
    if (tx_.isDoomed()) // the engine has already rolled back everything
        return;
    tx_.execute("rollback to savepoint inner_unit", {});
    tx_.execute("release savepoint inner_unit", {});
}

} // namespace bm::db

#pragma once
#include "db/engine/database.h"

namespace bm::db {

/// Runs @p unit inside @p tx; what it throws undoes its own changes alone and is passed on, so that the
/// caller may catch it and go on with the transaction. May be nested.
template <class Unit> auto withSavepoint(Transaction& tx, Unit&& unit)
{
    tx.execute("savepoint inner_unit", {});
    try {
        auto result = unit();
        tx.execute("release savepoint inner_unit", {});
        return result;
    } catch (...) {
        tx.execute("rollback to savepoint inner_unit", {});
        tx.execute("release savepoint inner_unit", {});
        throw;
    }
}

} // namespace bm::db

#pragma once
#include "db/engine/transaction.h"

#include <type_traits>

namespace bm::db {

/// A savepoint of @p tx; may be nested. withSavepoint() uses it.
class Savepoint {
public:
    explicit Savepoint(Transaction& tx);
    void release(); ///< keeps all writes since the savepoint
    void undo();    ///< rolls back all writes since the savepoint and drops its afterCommit actions

private:
    Transaction& tx_;
    std::size_t actions_; ///< number of earlier afterCommit actions
};

/// Runs @p unit inside @p tx. Its exception rolls back its own changes only and propagates, so that the
/// caller may catch it and continue the transaction. May be nested.
template <class Unit> auto withSavepoint(Transaction& tx, Unit&& unit)
{
    Savepoint savepoint(tx);
    try {
        if constexpr (std::is_void_v<std::invoke_result_t<Unit>>) {
            unit();
            savepoint.release();
        } else {
            auto result = unit();
            savepoint.release();
            return result;
        }
    } catch (...) {
        savepoint.undo();
        throw;
    }
}

} // namespace bm::db

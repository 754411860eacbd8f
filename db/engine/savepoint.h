#pragma once
#include "db/engine/transaction.h"

#include <type_traits>

namespace bm::db {

/// A savepoint of @p tx; may be nested. Used by withSavepoint().
class Savepoint {
public:
    explicit Savepoint(Transaction& tx);
    void release(); ///< keeps what was written since
    void undo();    ///< drops what was written since, and its afterCommit actions

private:
    Transaction& tx_;
    std::size_t actions_; ///< afterCommit actions that are older
};

/// Runs @p unit inside @p tx. When it throws, its own changes alone are rolled back and the exception passes,
/// so that the caller may catch it and go on with the transaction. May be nested.
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

#pragma once
#include "db/engine/transaction.h"

namespace bm::db {

enum class Access { Write, Read };

/// One connection to the database, with at most one open transaction. Used by one thread at a time.
class Connection : public Transaction {
public:
    /// Opens a transaction. A read transaction sees one snapshot. @throws Error Unavailable (another program
    /// locks the database)
    void begin(Access access);
    /// @throws the earlier error that ended the transaction, or the engine's refusal of the commit
    void commit();
    /// Does nothing without a transaction. @throws Error when the connection is unusable from now on
    void rollback();
    /// True if begin() was called and the transaction can still be committed.
    bool inTransaction() const { return begun_ && !isDoomed(); }

protected:
    virtual void runBegin(Access access) = 0;
    virtual void runCommit() = 0;
    /// Called even after the engine has rolled back on its own.
    virtual void runRollback() = 0;
    bool begun() const { return begun_; }

private:
    bool begun_ = false;
};

} // namespace bm::db

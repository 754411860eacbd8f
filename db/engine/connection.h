#pragma once
#include "db/engine/transaction.h"

namespace bm::db {

enum class Access { Write, Read };

/// One connection to the database, with at most one transaction open. Used by one thread at a time.
class Connection : public Transaction {
public:
    /// Opens a transaction; a reading one sees one snapshot. @throws Error Unavailable (another program holds
    /// the database)
    void begin(Access access);
    /// @throws what ended the transaction before, or made the engine refuse the commit
    void commit();
    /// Does nothing without a transaction. @throws Error when the connection is of no use any more
    void rollback();
    /// Whether begin() was called and the transaction can still be committed.
    bool inTransaction() const { return begun_ && !isDoomed(); }

protected:
    virtual void runBegin(Access access) = 0;
    virtual void runCommit() = 0;
    /// Also after the engine has rolled back by itself.
    virtual void runRollback() = 0;
    bool begun() const { return begun_; }

private:
    bool begun_ = false;
};

} // namespace bm::db

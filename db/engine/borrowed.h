#pragma once
#include "db/engine/transaction.h"

namespace bm::db {

/// The open transactions of this thread. A unit that calls its own database again runs inside the open
/// transaction. Otherwise the writer's thread would wait for itself, and a reader could wait for its own
/// connection.
class Borrowed {
public:
    Borrowed(const void* owner, Transaction& tx, bool writable)
        : owner_(owner), tx_(&tx), writable_(writable), outer_(innermost())
    {
        innermost() = this;
    }
    ~Borrowed() { innermost() = outer_; }
    Borrowed(const Borrowed&) = delete;
    Borrowed& operator=(const Borrowed&) = delete;

    /// The innermost open transaction of @p owner on this thread, or null.
    static Transaction* of(const void* owner, bool writable)
    {
        for (const Borrowed* b = innermost(); b != nullptr; b = b->outer_)
            if (b->owner_ == owner && (b->writable_ || !writable))
                return b->tx_;
        return nullptr;
    }

private:
    static Borrowed*& innermost()
    {
        static thread_local Borrowed* current = nullptr;
        return current;
    }
    const void* owner_;
    Transaction* tx_;
    bool writable_;
    Borrowed* outer_;
};

} // namespace bm::db

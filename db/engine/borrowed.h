#pragma once
#include "db/engine/database.h"

namespace bm::db {

/// The transactions that this thread is inside of, so that a unit which calls the database again runs in the
/// one it is in: waiting for the writer thread from the writer thread, or for a reader while holding the
/// last, would never end.
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

    /// The innermost transaction of @p owner that this thread is in, or null.
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

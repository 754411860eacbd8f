#pragma once
#include "common/platform/condition.h"
#include "db/engine/engine.h"

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace bm::db {

/// The pool of read connections, opened at first use. Each unit sees one snapshot. Thread-safe.
class Readers {
public:
    /// @param owner  the database, see Borrowed; @param engine  must outlive this
    Readers(const void* owner, const Engine& engine);
    /// Runs @p unit. Inside a unit of this database it runs within that unit and sees its uncommitted writes.
    void read(const std::function<void(Transaction&)>& unit);

private:
    std::unique_ptr<Connection> take();
    void giveBack(std::unique_ptr<Connection> connection);

    const void* owner_;
    const Engine& engine_;
    std::mutex mutex_;
    platform::Condition returned_;
    std::vector<std::unique_ptr<Connection>> idle_; // null: not opened yet
};

} // namespace bm::db

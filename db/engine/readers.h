#pragma once
#include "db/engine/engine.h"

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace bm::db {

/// The connections for reading, opened at first use. Each unit sees one snapshot. Thread-safe.
class Readers {
public:
    /// @param owner  the database, see Borrowed; @param engine  outlives this
    Readers(const void* owner, const Engine& engine);
    /// From inside a unit of this database: runs within it, and sees what a write unit has written so far.
    void read(const std::function<void(Transaction&)>& unit);

private:
    std::unique_ptr<Connection> take();
    void giveBack(std::unique_ptr<Connection> connection);

    const void* owner_;
    const Engine& engine_;
    std::mutex mutex_;
    std::condition_variable returned_;
    std::vector<std::unique_ptr<Connection>> idle_; // null: not opened yet
};

} // namespace bm::db

#pragma once
#include "db/engine/database.h"
#include "db/engine/sqlite.h"

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace bm::db {

/// Connections for reading, opened as they are needed. Each unit sees one snapshot.
class Readers {
public:
    Readers(const void* owner, std::filesystem::path file, int count);
    /// From inside a unit of this database: runs within it, and sees what a write unit has written so far.
    void read(const std::function<void(Transaction&)>& unit);

private:
    using Connection = std::unique_ptr<sqlite::Connection>;
    Connection take();
    void giveBack(Connection connection);

    const void* owner_;
    std::filesystem::path file_;
    std::mutex mutex_;
    std::condition_variable returned_;
    std::vector<Connection> idle_; // null: not opened yet
};

} // namespace bm::db

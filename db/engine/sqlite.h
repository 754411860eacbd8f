#pragma once
#include "db/engine/database.h"

#include <sqlite3.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace bm::db::sqlite {

struct CloseConnection {
    void operator()(sqlite3* connection) const noexcept { sqlite3_close_v2(connection); }
};
struct FinalizeStatement {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};

enum class Role { Writer, Reader };

/// One SQLite connection with its prepared statements. Used by one thread at a time.
class Connection final : public Transaction {
public:
    /// Opens @p file in WAL mode; the writer makes it (mode 0600) when absent.
    /// @throws Error NotFound (no such folder), Internal (no database, no permission)
    Connection(const std::filesystem::path& file, Role role, bool durable);
    std::vector<Row> query(std::string_view sql, const std::vector<Value>& parameters) override;
    std::int64_t execute(std::string_view sql, const std::vector<Value>& parameters) override;
    /// A statement without parameters and rows.
    void run(std::string_view sql) { execute(sql, {}); }
    /// False once SQLite has rolled back by itself (disk full, I/O error).
    bool inTransaction() const { return sqlite3_get_autocommit(connection_.get()) == 0; }

private:
    sqlite3_stmt* prepared(std::string_view sql);
    void bind(sqlite3_stmt* statement, const std::vector<Value>& parameters, std::string_view sql);
    [[noreturn]] void fail(std::string_view sql);

    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept
        {
            return std::hash<std::string_view>{}(text);
        }
    };
    using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;
    std::filesystem::path file_;
    std::unique_ptr<sqlite3, CloseConnection> connection_;
    std::unordered_map<std::string, Statement, Hash, std::equal_to<>> statements_;
};

} // namespace bm::db::sqlite

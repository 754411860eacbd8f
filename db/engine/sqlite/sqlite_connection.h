#pragma once
#include "db/engine/connection.h"

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

/// One SQLite connection with its prepared statements.
class SqliteConnection final : public Connection {
public:
    /// Opens @p file in WAL mode. A write connection creates a missing file (mode 0600).
    /// @throws Error NotFound (no such folder), Internal (not a database, no permission)
    SqliteConnection(const std::filesystem::path& file, Access access, bool durable);
    /// Executes a statement without parameters and rows.
    void run(std::string_view sql) { runExecute(sql, {}); }
    sqlite3* handle() const { return connection_.get(); } ///< for SQLite functions such as the backup API
    [[noreturn]] void fail(std::string_view sql) const;   ///< throws the last error of handle()

protected:
    std::vector<Row> runQuery(std::string_view sql, const std::vector<Value>& parameters) override;
    std::int64_t runExecute(std::string_view sql, const std::vector<Value>& parameters) override;
    std::int64_t runNextNumber(std::string_view sequence) override;
    /// SQLite rolls back on its own after a full disk or an I/O error.
    bool isLost() const override { return begun() && sqlite3_get_autocommit(connection_.get()) != 0; }
    void runBegin(Access access) override;
    void runCommit() override { run("commit"); }
    void runRollback() override;

private:
    sqlite3_stmt* prepared(std::string_view sql);
    void bind(sqlite3_stmt* statement, const std::vector<Value>& parameters, std::string_view sql);

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

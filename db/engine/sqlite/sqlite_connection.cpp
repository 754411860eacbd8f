#include "db/engine/sqlite/sqlite_connection.h"

#include "common/model/error.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace bm::db::sqlite {
namespace {

using model::Error;
using model::ErrorCode;

constexpr int kBusyTimeoutMs =
    10'000; // bmd itself never waits: only another program (the sqlite3 shell, a backup) can lock the file
constexpr std::size_t kMaxStatements = 400;

/// Creates the file with mode 0600. SQLite copies this mode to its -wal and -shm files, which contain sealed
/// secrets.
void makePrivateFile(const std::filesystem::path& file)
{
    const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        const int cause = errno;
        const std::string message =
            fmt::format("cannot open the database {}: {}", file.string(), std::strerror(cause));
        if (cause == ENOENT)
            throw Error(ErrorCode::NotFound, message, "create its folder, or set paths.state_dir");
        if (cause == ENOSPC || cause == EDQUOT)
            throw Error(ErrorCode::StoreFull, message, "free space on its file system");
        throw Error(ErrorCode::Internal, message, "check the owner and mode of the file and of its folder");
    }
    ::close(fd);
}

bool isFull(int code, int systemError)
{
    if (code == SQLITE_FULL)
        return true;
    return (code & 0xff) == SQLITE_IOERR &&
           (systemError == ENOSPC || systemError == EDQUOT || systemError == EFBIG);
}

/// The errno of the last failed operation on the database file or its WAL. sqlite3_system_errno does not
/// help: SQLite's clean-up after a failed write overwrites it.
int lastFileError(sqlite3* connection)
{
    int cause = 0;
    for (const int which : {SQLITE_FCNTL_JOURNAL_POINTER, SQLITE_FCNTL_FILE_POINTER}) {
        sqlite3_file* file = nullptr;
        if (sqlite3_file_control(connection, "main", which, &file) != SQLITE_OK || file == nullptr ||
            file->pMethods == nullptr)
            continue;
        if (file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &cause) == SQLITE_OK && cause != 0)
            return cause;
    }
    return cause;
}

/// "UNIQUE constraint failed: ports.address" -> "ports.address".
std::string constrainedColumns(std::string_view message)
{
    const auto colon = message.rfind(": ");
    return std::string(colon == std::string_view::npos ? message : message.substr(colon + 2));
}

Error toError(int code, int systemError, const std::string& text, const std::string& file,
              std::string_view sql)
{
    if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY)
        return {ErrorCode::Conflict, constrainedColumns(text) + " exists already"};
    if (code == SQLITE_CONSTRAINT_FOREIGNKEY)
        return {ErrorCode::NotFound, "the parent record does not exist (foreign key)"};
    if (isFull(code, systemError))
        return {ErrorCode::StoreFull, fmt::format("no space left to write the database {}", file),
                "free space on its file system, then repeat the request; the database is intact"};
    if ((code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED)
        return {ErrorCode::Unavailable, fmt::format("another program has locked the database {}", file),
                "end that program; fuser shows it"};
    if ((code & 0xff) == SQLITE_NOTADB || (code & 0xff) == SQLITE_CORRUPT)
        return {ErrorCode::Internal, fmt::format("{} is damaged or not a database of bm: {}", file, text),
                "move the file away and restore a backup: bmd db restore --help"};
    if ((code & 0xff) == SQLITE_CANTOPEN || (code & 0xff) == SQLITE_READONLY || (code & 0xff) == SQLITE_PERM)
        return {ErrorCode::Internal, fmt::format("cannot use the database {}: {}", file, text),
                "check the owner and mode of the file and of its folder"};
    return {ErrorCode::Internal, fmt::format("database: {} ({}) in: {}", text, code, sql.substr(0, 200))};
}

Value columnValue(sqlite3_stmt* statement, int column)
{
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL:
        return std::monostate{};
    case SQLITE_INTEGER:
        return std::int64_t{sqlite3_column_int64(statement, column)};
    default: {
        const void* text = sqlite3_column_blob(statement, column);
        const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
        return text == nullptr ? std::string{} : std::string(static_cast<const char*>(text), size);
    }
    }
}

class ResetAtEnd {
public:
    explicit ResetAtEnd(sqlite3_stmt* statement) : statement_(statement) {}
    ResetAtEnd(const ResetAtEnd&) = delete;
    ResetAtEnd& operator=(const ResetAtEnd&) = delete;
    ~ResetAtEnd()
    {
        sqlite3_reset(statement_);
        sqlite3_clear_bindings(statement_);
    }

private:
    sqlite3_stmt* statement_;
};

} // namespace

SqliteConnection::SqliteConnection(const std::filesystem::path& file, Access access, bool durable)
    : file_(file)
{
    if (access == Access::Write)
        makePrivateFile(file);
    sqlite3* raw = nullptr;
    const int opened = sqlite3_open_v2(
        file.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
    connection_.reset(raw);
    if (opened != SQLITE_OK)
        fail("open");
    sqlite3_busy_timeout(raw, kBusyTimeoutMs);
    if (access == Access::Read) {
        run("pragma query_only = on");
        return;
    }
    runQuery("pragma journal_mode = wal", {});
    run(durable ? "pragma synchronous = full" : "pragma synchronous = off");
    runQuery("pragma journal_size_limit = 67108864", {});
    run("pragma foreign_keys = on");
    run("pragma cache_size = -32000");
}

void SqliteConnection::fail(std::string_view sql) const
{
    sqlite3* raw = connection_.get();
    const int code = raw == nullptr ? SQLITE_NOMEM : sqlite3_extended_errcode(raw);
    const int systemError = raw == nullptr ? 0 : lastFileError(raw);
    const std::string text = raw == nullptr ? "out of memory" : sqlite3_errmsg(raw);
    throw toError(code, systemError, text, file_.string(), sql);
}

sqlite3_stmt* SqliteConnection::prepared(std::string_view sql)
{
    if (const auto known = statements_.find(sql); known != statements_.end())
        return known->second.get();
    if (statements_.size() >= kMaxStatements)
        statements_.clear();
    sqlite3_stmt* raw = nullptr;
    const char* tail = nullptr;
    if (sqlite3_prepare_v3(connection_.get(), sql.data(), static_cast<int>(sql.size()),
                           SQLITE_PREPARE_PERSISTENT, &raw, &tail) != SQLITE_OK)
        fail(sql);
    Statement statement(raw);
    BM_ASSERT(statement != nullptr &&
              tail == sql.data() + sql.size()); // one statement per call, as PostgreSQL requires
    return statements_.emplace(std::string(sql), std::move(statement)).first->second.get();
}

void SqliteConnection::bind(sqlite3_stmt* statement, const std::vector<Value>& parameters,
                            std::string_view sql)
{
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        const std::string name = fmt::format("${}", i + 1); // SQLite treats $1 as a name
        const int index = sqlite3_bind_parameter_index(statement, name.c_str());
        int bound = SQLITE_OK;
        if (const auto* number = std::get_if<std::int64_t>(&parameters[i]))
            bound = sqlite3_bind_int64(statement, index, *number);
        else if (const auto* text = std::get_if<std::string>(&parameters[i]))
            bound =
                sqlite3_bind_text64(statement, index, text->data(), text->size(), SQLITE_STATIC, SQLITE_UTF8);
        else
            bound = sqlite3_bind_null(statement, index);
        if (bound != SQLITE_OK)
            fail(sql);
    }
}

std::vector<Row> SqliteConnection::runQuery(std::string_view sql, const std::vector<Value>& parameters)
{
    sqlite3_stmt* statement = prepared(sql);
    const ResetAtEnd reset(statement);
    bind(statement, parameters, sql);
    const int columns = sqlite3_column_count(statement);
    std::vector<Row> rows;
    int stepped = SQLITE_OK;
    while ((stepped = sqlite3_step(statement)) == SQLITE_ROW) {
        Row& row = rows.emplace_back();
        row.reserve(static_cast<std::size_t>(columns));
        for (int column = 0; column < columns; ++column)
            row.push_back(columnValue(statement, column));
    }
    if (stepped != SQLITE_DONE)
        fail(sql);
    return rows;
}

std::int64_t SqliteConnection::runExecute(std::string_view sql, const std::vector<Value>& parameters)
{
    sqlite3_stmt* statement = prepared(sql);
    const ResetAtEnd reset(statement);
    bind(statement, parameters, sql);
    int stepped = SQLITE_ROW;
    while (stepped == SQLITE_ROW)
        stepped = sqlite3_step(statement);
    if (stepped != SQLITE_DONE)
        fail(sql);
    return sqlite3_changes64(connection_.get());
}

std::int64_t SqliteConnection::runNextNumber(std::string_view sequence)
{
    const std::vector<Row> rows =
        runQuery(fmt::format("update {} set value = value + 1 returning value", sequence), {});
    return std::get<std::int64_t>(rows.at(0).at(0));
}

void SqliteConnection::runBegin(Access access)
{
    run(access == Access::Write ? "begin immediate" : "begin");
}

void SqliteConnection::runRollback()
{
    if (sqlite3_get_autocommit(connection_.get()) == 0)
        run("rollback");
}

} // namespace bm::db::sqlite

#pragma once
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace bm::db {

/// One column value. Times are milliseconds, booleans 0/1, JSON is text.
using Value = std::variant<std::monostate, std::int64_t, std::string>;
using Row = std::vector<Value>;

/// Thrown when a concurrent transaction conflicts with this one; the writer rolls back and repeats the unit.
/// It has no base class, so that no unit catches it with its own errors.
struct SerializationFailure {
    std::string cause; ///< the engine's message
};

/// One transaction, valid inside Database::write or Database::read only. `$1`..`$n` are the parameters on
/// every engine. Used by one thread at a time.
class Transaction {
public:
    Transaction() = default;
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    virtual ~Transaction() = default;
    /// All rows of @p sql. @throws Error Conflict (unique violation: the message names the column), Internal;
    /// after the engine has rolled back, the original error again
    std::vector<Row> query(std::string_view sql, const std::vector<Value>& parameters);
    /// @return rows changed. Throws as query().
    std::int64_t execute(std::string_view sql, const std::vector<Value>& parameters);
    /// The next number of a sequence that a migration created with "{sequence NAME of TABLE.COLUMN}". Numbers
    /// rise; a rolled back unit may leave a gap.
    std::int64_t nextNumber(std::string_view sequence);
    /// Registers @p action to run after the successful commit. Actions run in the order of registration: on
    /// the thread that called Database::write, before write returns; for writeAsync on the writer's thread. A
    /// rollback or repetition of the unit or its savepoint drops them. An exception of @p action is logged;
    /// the next action runs. Not available in a read transaction.
    void afterCommit(std::function<void()> action);
    /// True if the engine has rolled the transaction back or refuses its commit.
    bool isDoomed() const { return doom_ != nullptr; }

protected:
    virtual std::vector<Row> runQuery(std::string_view sql, const std::vector<Value>& parameters) = 0;
    virtual std::int64_t runExecute(std::string_view sql, const std::vector<Value>& parameters) = 0;
    virtual std::int64_t runNextNumber(std::string_view sequence) = 0;
    /// Called after a failed statement. True if the engine has ended the transaction.
    virtual bool isLost() const = 0;

    std::exception_ptr doom_{}; ///< the error that ended the transaction before its commit
    bool writable_ = false;

private:
    friend class Savepoint;
    friend class Writer;
    template <class Statement> auto guarded(Statement&& statement);
    std::vector<std::function<void()>> afterCommit_{};
};

} // namespace bm::db

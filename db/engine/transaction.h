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

/// One column value. Times are milliseconds, booleans 0/1, JSON text.
using Value = std::variant<std::monostate, std::int64_t, std::string>;
using Row = std::vector<Value>;

/// A concurrent transaction made this one impossible; the writer rolls back and repeats the unit. Derived
/// from nothing, so that no unit catches it together with its own errors.
struct SerializationFailure {
    std::string cause; ///< the engine's message
};

/// One transaction; borrowed inside Database::write / Database::read only. `$1`..`$n` are the parameters on
/// every engine. Used by one thread at a time.
class Transaction {
public:
    Transaction() = default;
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    virtual ~Transaction() = default;
    /// All rows of @p sql. @throws Error Conflict (unique violation: message names the column), Internal;
    /// once the engine has rolled the transaction back, again what made it do so
    std::vector<Row> query(std::string_view sql, const std::vector<Value>& parameters);
    /// Rows changed. Throws as query().
    std::int64_t execute(std::string_view sql, const std::vector<Value>& parameters);
    /// The next number of a sequence that a migration created with "{sequence NAME of TABLE.COLUMN}". Numbers
    /// rise; a unit that is rolled back may leave a gap.
    std::int64_t nextNumber(std::string_view sequence);
    /// Has @p action called once the commit has succeeded, in the order of the calls, on the thread that
    /// called Database::write, before write returns; of writeAsync on the writer's thread. Dropped when the
    /// unit, or the savepoint that it was added in, is rolled back or repeated. What @p action throws is
    /// logged and does not keep the next one from running. Not in a reading transaction.
    void afterCommit(std::function<void()> action);
    /// Whether the engine has rolled the transaction back, or refuses its commit.
    bool isDoomed() const { return doom_ != nullptr; }

protected:
    virtual std::vector<Row> runQuery(std::string_view sql, const std::vector<Value>& parameters) = 0;
    virtual std::int64_t runExecute(std::string_view sql, const std::vector<Value>& parameters) = 0;
    virtual std::int64_t runNextNumber(std::string_view sequence) = 0;
    /// Asked after a statement has failed: whether the transaction is over.
    virtual bool isLost() const = 0;

    std::exception_ptr doom_{}; ///< what ended the transaction before its commit
    bool writable_ = false;

private:
    friend class Savepoint;
    friend class Writer;
    template <class Statement> auto guarded(Statement&& statement);
    std::vector<std::function<void()>> afterCommit_{};
};

} // namespace bm::db

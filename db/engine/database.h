#pragma once
#include "common/model/error.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

namespace bm::db {

/// One column value. Times are milliseconds, booleans 0/1, JSON text.
using Value = std::variant<std::monostate, std::int64_t, std::string>;
using Row = std::vector<Value>;

/// One transaction; borrowed inside Database::write / Database::read only. `$1`..`$n` are the parameters on
/// both engines.
class Transaction {
public:
    virtual ~Transaction() = default;
    /// All rows of @p sql. @throws Error Conflict (unique violation: message names the column), Internal
    virtual std::vector<Row> query(std::string_view sql, const std::vector<Value>& parameters) = 0;
    /// Rows changed.
    virtual std::int64_t execute(std::string_view sql, const std::vector<Value>& parameters) = 0;
};

struct DatabaseSettings {
    std::filesystem::path file; ///< SQLite; empty: in memory (one connection for all)
    int readers = 4;
    bool durable = true; ///< synchronous=FULL; false only in tests and --dev
};

/// One commit of the writer.
struct CommitFacts {
    std::size_t units = 0;            ///< that were written together
    std::chrono::microseconds took{}; ///< from begin to the end of the commit
};
using CommitHook = std::function<void(const CommitFacts&)>;

/// One writer thread that commits what arrives together (each unit under a savepoint of its own, answered
/// after the commit), and a pool of readers. Thread-safe. Opening brings the schema up to date; a newer one
/// is refused with a hint.
class Database {
public:
    explicit Database(const DatabaseSettings& settings);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    /// Runs @p unit in a write transaction and returns its result after the commit; what it throws undoes it
    /// alone.
    template <class Unit> auto write(Unit&& unit) -> std::invoke_result_t<Unit, Transaction&>
    {
        using Result = std::invoke_result_t<Unit, Transaction&>;
        if constexpr (std::is_void_v<Result>) {
            writeUnit([&](Transaction& tx) { unit(tx); });
        } else {
            std::optional<Result> result;
            writeUnit([&](Transaction& tx) { result.emplace(unit(tx)); });
            return std::move(*result);
        }
    }
    /// Has @p unit committed with whatever is written next, within 20 ms, and does not wait for it: for what
    /// a crash may take with it. @p onFailure is called, on another thread, when it could not be.
    void writeLater(std::function<void(Transaction&)> unit,
                    std::function<void(const model::Error& why)> onFailure);
    /// Waits for what was to be written later.
    void settle() const;
    /// Runs @p unit in a read transaction (one snapshot).
    template <class Unit> auto read(Unit&& unit) const -> std::invoke_result_t<Unit, Transaction&>
    {
        using Result = std::invoke_result_t<Unit, Transaction&>;
        if constexpr (std::is_void_v<Result>) {
            readUnit([&](Transaction& tx) { unit(tx); });
        } else {
            std::optional<Result> result;
            readUnit([&](Transaction& tx) { result.emplace(unit(tx)); });
            return std::move(*result);
        }
    }
    /// Has @p hook called after every commit, on the writer thread: it must only poke. Replaces the last one;
    /// once this returns, that one is no longer called.
    void onCommit(CommitHook hook);

private:
    void writeUnit(const std::function<void(Transaction&)>& unit);
    void readUnit(const std::function<void(Transaction&)>& unit) const;
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace bm::db

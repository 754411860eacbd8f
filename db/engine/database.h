#pragma once
#include "common/model/error.h"
#include "db/engine/transaction.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

namespace bm::db {

class Engine;
struct Migration;

/// One commit of the writer.
struct CommitFacts {
    std::size_t units = 0;            ///< units in the commit
    std::chrono::microseconds took{}; ///< from begin to the end of the commit
};
using CommitHook = std::function<void(const CommitFacts&)>;

/// One writer thread that commits units which arrive together in one transaction (each unit under a savepoint
/// of its own, answered after the commit), and a pool of readers. Thread-safe. db/open creates it.
class Database {
public:
    /// Opens the database of @p engine and applies the migrations that it lacks.
    /// @throws Error Conflict (the schema is newer than @p migrations, or the tables are not bm's), and what
    /// Engine::connect throws
    Database(std::unique_ptr<Engine> engine, std::span<const Migration> migrations);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    /// Runs @p unit in a write transaction and returns its result after the commit and the unit's afterCommit
    /// actions. An exception of @p unit rolls back this unit alone. The writer runs @p unit again when the
    /// engine reports a serialization failure: it has no side effects but through the transaction. Inside a
    /// unit of this database, @p unit runs at once, under a savepoint, and its actions follow the outer
    /// commit.
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
    /// Commits @p unit with the next write, within 20 ms, without waiting: for rows that a crash may lose. On
    /// failure the writer's thread calls @p onFailure.
    void writeAsync(std::function<void(Transaction&)> unit,
                    std::function<void(const model::Error& why)> onFailure);
    /// Waits until the asynchronous writes queued so far are committed or have failed. Their actions after
    /// the commit and their onFailure have returned by then.
    void flush() const;
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
    /// The writer's thread calls @p hook after every commit; a hook only wakes others. Replaces the previous
    /// hook, which is no longer called once this returns.
    void onCommit(CommitHook hook);
    const Engine& engine() const;

private:
    void writeUnit(const std::function<void(Transaction&)>& unit);
    void readUnit(const std::function<void(Transaction&)>& unit) const;
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace bm::db

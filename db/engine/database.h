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

/// The database: one writer thread and a pool of readers. The writer commits units that arrive together in
/// one transaction, each under its own savepoint, and answers them after the commit. Thread-safe. db/open
/// creates it.
class Database {
public:
    /// Opens the database of @p engine and applies the migrations that it lacks.
    /// @throws Error Conflict (the schema is newer than @p migrations, or the tables are not bm's), and the
    ///   errors of Engine::connect
    Database(std::unique_ptr<Engine> engine, std::span<const Migration> migrations);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    /// Runs @p unit in a write transaction. Returns its result after the commit and after the unit's
    /// afterCommit actions. An exception of @p unit rolls back this unit only. After a serialization failure
    /// the writer runs @p unit again, so it must have no side effects outside the transaction. Inside a unit
    /// of this database, @p unit runs at once under a savepoint, and its actions follow the outer commit.
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
    /// Commits @p unit with the next write, or within 20 ms. Does not wait: for rows that a crash may lose.
    /// On failure the writer's thread calls @p onFailure.
    void writeAsync(std::function<void(Transaction&)> unit,
                    std::function<void(const model::Error& why)> onFailure);
    /// Waits until all asynchronous writes in the queue are committed or have failed, and until their
    /// afterCommit actions and onFailure calls have returned.
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
    /// Sets the hook that the writer's thread calls after every commit. A hook must only wake other threads.
    /// Replaces the previous hook; the writer does not call that one after this function returns.
    void onCommit(CommitHook hook);
    const Engine& engine() const;

private:
    void writeUnit(const std::function<void(Transaction&)>& unit);
    void readUnit(const std::function<void(Transaction&)>& unit) const;
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace bm::db

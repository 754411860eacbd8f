#pragma once
#include "db/engine/connection.h"
#include "db/engine/dialect.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bm::db {

enum class CheckDepth {
    Quick, ///< takes seconds: for bmd's own health check
    Whole  ///< every page, index and reference
};

/// Receives the number of copied pages and of all pages.
using CopyProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

/// The operations that differ between engines, below the SQL of Transaction. Thread-safe. Must outlive its
/// connections.
class Engine {
public:
    Engine() = default;
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;
    virtual ~Engine() = default;
    /// The database's name in messages: its file or address, without a password.
    virtual std::string place() const = 0;
    virtual const Dialect& dialect() const = 0;
    /// Number of read connections in the pool.
    virtual std::size_t readers() const = 0;
    /// Opens a connection. A write connection creates a missing database.
    /// @throws Error NotFound (no such folder), Internal (not a database, no permission), Unavailable
    virtual std::unique_ptr<Connection> connect(Access access) const = 0;
    /// Names of all tables except the engine's own.
    virtual std::vector<std::string> tables(Transaction& tx) const = 0;
    /// Reports problems of the stored data, at most ten; empty: none. Changes nothing.
    virtual std::vector<std::string> problems(Transaction& tx, CheckDepth depth) const = 0;
    /// Replaces every text that contains @p part, in every column of every table, by the result of @p
    /// rewrite.
    virtual void rewriteTexts(Transaction& tx, std::string_view part,
                              const std::function<std::string(const std::string&)>& rewrite) const = 0;
    /// Rewrites the stored data so that no content of deleted and replaced rows remains. No other connection
    /// may use the database at the same time.
    virtual void eraseDeleted() const = 0;
    /// Writes a snapshot of the database to @p file (must not exist; mode 0600), which the engine can open as
    /// a database. Other connections may read and write at the same time. @throws Error StoreFull, Internal
    virtual void copyTo(const std::filesystem::path& file, const CopyProgress& progress) const = 0;
};

} // namespace bm::db

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
    Quick, ///< seconds: what bmd's own health check affords
    Whole  ///< every page, index and reference
};

/// Pages copied and pages in all.
using CopyProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

/// What the engines differ in: everything below Transaction's SQL. Thread-safe; outlives its connections.
class Engine {
public:
    Engine() = default;
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;
    virtual ~Engine() = default;
    /// What messages call the database: its file or address, without a password.
    virtual std::string place() const = 0;
    virtual const Dialect& dialect() const = 0;
    /// Connections for reading that units share.
    virtual std::size_t readers() const = 0;
    /// A connection for writing creates the database where there is none.
    /// @throws Error NotFound (no such folder), Internal (no database, no permission), Unavailable
    virtual std::unique_ptr<Connection> connect(Access access) const = 0;
    /// Names of all tables but the engine's own.
    virtual std::vector<std::string> tables(Transaction& tx) const = 0;
    /// Findings about the stored data, ten at most; empty: none. Changes nothing.
    virtual std::vector<std::string> problems(Transaction& tx, CheckDepth depth) const = 0;
    /// Replaces every text, in any column of any table, that contains @p part by what @p rewrite returns for
    /// it.
    virtual void rewriteTexts(Transaction& tx, std::string_view part,
                              const std::function<std::string(const std::string&)>& rewrite) const = 0;
    /// Rewrites the stored data so that nothing is left of deleted and replaced rows. Nobody else may use the
    /// database meanwhile.
    virtual void eraseDeleted() const = 0;
    /// Writes a snapshot of the database to @p file (absent before, mode 0600), which the engine opens as a
    /// database; others may read and write meanwhile. @throws Error StoreFull, Internal
    virtual void copyTo(const std::filesystem::path& file, const CopyProgress& progress) const = 0;
};

} // namespace bm::db

#pragma once
#include "db/engine/database.h"
#include "db/engine/engine.h"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>

namespace bm::db {

/// A folder on disk; the destructor deletes it.
class Folder {
public:
    Folder();
    ~Folder();
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

/// An empty database of the engine for the contract tests: the row of engines.cpp that the environment's
/// BM_TEST_ENGINE names, else the first. Every engine passes the same tests. A new engine needs a row there
/// and a test in CMakeLists.txt.
class TestStore {
public:
    TestStore() = default;
    /// Creates an engine on this store's data; several share the data.
    std::unique_ptr<Engine> engine(std::size_t readers = 4) const;
    /// Opens the database with bm's schema.
    Database open(std::size_t readers = 4) const;

private:
    Folder folder_;
};

} // namespace bm::db

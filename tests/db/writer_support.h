#pragma once
#include "tests/db/fixture.h"

#include <future>
#include <thread>

namespace bm::db {

inline std::int64_t count(Database& database)
{
    return database.read([](Transaction& tx) { return NodeRepository{}.count(tx); });
}

inline void insert(Database& database, const std::string& name)
{
    database.write([&](Transaction& tx) { NodeRepository{}.insert(tx, makeNode(name)); });
}

/// Keeps the writer busy inside a unit until letGo(), so that later writes share one commit.
class BusyWriter {
public:
    explicit BusyWriter(Database& database)
        : thread_([&] {
              database.write([this](Transaction&) {
                  if (std::exchange(first_, false)) // the unit may run twice
                      inside_.set_value();
                  free_.wait();
              });
          })
    {
        inside_.get_future().wait();
    }
    void letGo() { letGo_.set_value(); }
    ~BusyWriter() { thread_.join(); }
    BusyWriter(const BusyWriter&) = delete;
    BusyWriter& operator=(const BusyWriter&) = delete;

private:
    std::promise<void> inside_, letGo_;
    std::shared_future<void> free_ = letGo_.get_future().share();
    bool first_ = true;
    std::thread thread_;
};

} // namespace bm::db

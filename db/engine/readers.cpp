#include "db/engine/readers.h"

#include "common/model/error.h"
#include "db/engine/borrowed.h"

#include <algorithm>

namespace bm::db {
namespace {

/// What a unit threw is its own affair; a connection that cannot even roll back is replaced (null).
std::unique_ptr<sqlite::Connection> usableAgain(std::unique_ptr<sqlite::Connection> connection)
{
    try {
        if (connection && connection->inTransaction())
            connection->run("rollback");
        return connection;
    } catch (const model::Error&) {
        return nullptr;
    }
}

} // namespace

Readers::Readers(const void* owner, std::filesystem::path file, int count)
    : owner_(owner), file_(std::move(file)), idle_(static_cast<std::size_t>(std::max(count, 1)))
{}

Readers::Connection Readers::take()
{
    std::unique_lock lock(mutex_);
    returned_.wait(lock, [&] { return !idle_.empty(); });
    Connection connection = std::move(idle_.back());
    idle_.pop_back();
    return connection;
}

void Readers::giveBack(Connection connection)
{
    {
        const std::lock_guard lock(mutex_);
        idle_.push_back(std::move(connection)); // the last used is the next used: its cache is warm
    }
    returned_.notify_one();
}

void Readers::read(const std::function<void(Transaction&)>& unit)
{
    if (Transaction* inside = Borrowed::of(owner_, false))
        return unit(*inside);
    Connection connection = take();
    try {
        if (!connection)
            connection = std::make_unique<sqlite::Connection>(file_, sqlite::Role::Reader, true);
        connection->run("begin");
        const Borrowed borrowed(owner_, *connection, false);
        unit(*connection);
        connection->run("commit");
    } catch (...) {
        giveBack(usableAgain(std::move(connection)));
        throw;
    }
    giveBack(std::move(connection));
}

} // namespace bm::db

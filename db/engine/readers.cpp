#include "db/engine/readers.h"

#include "common/model/error.h"
#include "db/engine/borrowed.h"

#include <algorithm>

namespace bm::db {
namespace {

/// Closes a connection that cannot roll back; null makes the next unit open another.
std::unique_ptr<Connection> usableAgain(std::unique_ptr<Connection> connection)
{
    try {
        if (connection)
            connection->rollback();
        return connection;
    } catch (const model::Error&) {
        return nullptr;
    }
}

} // namespace

Readers::Readers(const void* owner, const Engine& engine)
    : owner_(owner), engine_(engine), idle_(std::max<std::size_t>(engine.readers(), 1))
{}

std::unique_ptr<Connection> Readers::take()
{
    std::unique_lock lock(mutex_);
    returned_.wait(lock, [&] { return !idle_.empty(); });
    std::unique_ptr<Connection> connection = std::move(idle_.back());
    idle_.pop_back();
    return connection;
}

void Readers::giveBack(std::unique_ptr<Connection> connection)
{
    {
        const std::lock_guard lock(mutex_);
        idle_.push_back(std::move(connection)); // reuses the last connection first, because its cache is warm
    }
    returned_.notify_one();
}

void Readers::read(const std::function<void(Transaction&)>& unit)
{
    if (Transaction* inside = Borrowed::of(owner_, false))
        return unit(*inside);
    std::unique_ptr<Connection> connection = take();
    try {
        if (!connection)
            connection = engine_.connect(Access::Read);
        connection->begin(Access::Read);
        const Borrowed borrowed(owner_, *connection, false);
        unit(*connection);
        connection->commit();
    } catch (...) {
        giveBack(usableAgain(std::move(connection)));
        throw;
    }
    giveBack(std::move(connection));
}

} // namespace bm::db

#include "db/engine/database.h"

#include "db/engine/engine.h"
#include "db/engine/migrations.h"
#include "db/engine/readers.h"
#include "db/engine/writer.h"

namespace bm::db {
namespace {

std::unique_ptr<Connection> migrated(const Engine& engine, std::span<const Migration> migrations)
{
    std::unique_ptr<Connection> connection = engine.connect(Access::Write);
    migrate(*connection, engine, migrations);
    return connection;
}

} // namespace

struct Database::State {
    State(std::unique_ptr<Engine> opened, std::span<const Migration> migrations)
        : engine(std::move(opened)), writer(this, migrated(*engine, migrations)), readers(this, *engine)
    {}

    std::unique_ptr<Engine> engine; // declared first: outlives the connections
    Writer writer;
    Readers readers;
};

Database::Database(std::unique_ptr<Engine> engine, std::span<const Migration> migrations)
    : state_(std::make_unique<State>(std::move(engine), migrations))
{}
Database::~Database() = default;

void Database::writeUnit(const std::function<void(Transaction&)>& unit)
{
    state_->writer.write(unit);
}

void Database::writeAsync(std::function<void(Transaction&)> unit,
                          std::function<void(const model::Error& why)> onFailure)
{
    state_->writer.writeAsync({std::move(unit), std::move(onFailure)});
}

void Database::flush() const
{
    state_->writer.flush();
}

void Database::readUnit(const std::function<void(Transaction&)>& unit) const
{
    state_->readers.read(unit);
}

void Database::onCommit(CommitHook hook)
{
    state_->writer.onCommit(std::move(hook));
}

const Engine& Database::engine() const
{
    return *state_->engine;
}

} // namespace bm::db

#include "db/engine/database.h"

#include "db/engine/readers.h"
#include "db/engine/volatile_file.h"
#include "db/engine/writer.h"

namespace bm::db {

struct Database::State {
    explicit State(const DatabaseSettings& settings)
        : inMemory(settings.file.empty() ? std::make_unique<VolatileFile>() : nullptr),
          file(inMemory ? inMemory->path() : settings.file),
          writer(this, file, settings.durable && !inMemory), readers(this, file, settings.readers)
    {}

    std::unique_ptr<VolatileFile> inMemory; // outlives the connections
    std::filesystem::path file;
    Writer writer;
    Readers readers;
};

Database::Database(const DatabaseSettings& settings) : state_(std::make_unique<State>(settings)) {}
Database::~Database() = default;

void Database::writeUnit(const std::function<void(Transaction&)>& unit)
{
    state_->writer.write(unit);
}
void Database::writeLater(std::function<void(Transaction&)> unit,
                          std::function<void(const model::Error& why)> onFailure)
{
    state_->writer.writeLater({std::move(unit), std::move(onFailure)});
}

void Database::settle() const
{
    state_->writer.settle();
}

void Database::readUnit(const std::function<void(Transaction&)>& unit) const
{
    state_->readers.read(unit);
}

void Database::onCommit(CommitHook hook)
{
    state_->writer.onCommit(std::move(hook));
}

} // namespace bm::db

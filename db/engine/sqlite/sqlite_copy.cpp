#include "db/engine/sqlite/sqlite_copy.h"

#include "common/model/error.h"

#include <fmt/format.h>

#include <memory>

namespace bm::db::sqlite {
namespace {

constexpr int kPagesPerStep = 1024; // 4 MiB: reports progress every few ms

struct FinishBackup {
    void operator()(sqlite3_backup* backup) const noexcept { sqlite3_backup_finish(backup); }
};

} // namespace

void copySnapshot(SqliteConnection& source, const std::filesystem::path& file, const CopyProgress& progress)
{
    if (std::filesystem::exists(file))
        throw model::Error(model::ErrorCode::Conflict, fmt::format("{} exists already", file.string()),
                           "choose another file name");
    SqliteConnection target(file, Access::Write, true);
    source.begin(Access::Read);
    source.query("select count(*) from sqlite_schema", {}); // SQLite takes the snapshot at the first read
    const std::unique_ptr<sqlite3_backup, FinishBackup> backup(
        sqlite3_backup_init(target.handle(), "main", source.handle(), "main"));
    if (!backup)
        target.fail("backup");
    // The open snapshot prevents SQLite from restarting the copy after each commit of another connection.
    for (int stepped = SQLITE_OK; stepped != SQLITE_DONE;) {
        stepped = sqlite3_backup_step(backup.get(), kPagesPerStep);
        if (stepped != SQLITE_OK && stepped != SQLITE_DONE)
            target.fail("backup");
        const auto total = static_cast<std::uint64_t>(sqlite3_backup_pagecount(backup.get()));
        progress(total - static_cast<std::uint64_t>(sqlite3_backup_remaining(backup.get())), total);
    }
    source.rollback();
}

} // namespace bm::db::sqlite

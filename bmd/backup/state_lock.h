#pragma once
#include "bmd/backup/backup_places.h"
#include "common/platform/files.h"

#include <chrono>
#include <vector>

namespace bm::bmd {

/// Excludes every other process that changes the same state: a second bmd, `bmd --rotate-key`, `bmd db
/// restore`. Locks bmd.lock in the state folder, the database's folder and the images' folder, those that
/// exist. Take it before the database is opened: a second bmd would take the leases of the first one. It ends
/// with the object or the process; programs that bmd starts do not hold it.
class StateLock {
public:
    /// Waits at most @p patience, for a bmd that is ending. @throws Error Conflict with the other process
    explicit StateLock(const BackupPlaces& places, std::chrono::milliseconds patience = {});

private:
    std::vector<platform::Fd> locks_;
};

} // namespace bm::bmd

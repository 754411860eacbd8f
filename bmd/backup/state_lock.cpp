#include "bmd/backup/state_lock.h"

#include "common/model/error.h"
#include "common/platform/log.h"
#include "common/text/text.h"

#include <fmt/format.h>
#include <set>
#include <string>
#include <thread>
#include <unistd.h>

namespace bm::bmd {

namespace fs = std::filesystem;
using model::Error;
using model::ErrorCode;
using Clock = std::chrono::steady_clock;

namespace {

constexpr const char* kLockFile = "bmd.lock";
constexpr std::chrono::milliseconds kPause{50};
constexpr std::size_t kMaxNumberBytes = 64;

std::set<fs::path> foldersOf(const BackupPlaces& places)
{
    std::set<fs::path> folders;
    for (const fs::path& folder :
         {places.stateFolder, places.database.file.parent_path(), places.images.folder})
        if (fs::exists(folder)) // bmd has created the others before
            folders.insert(fs::canonical(folder));
    return folders;
}

/// " (process 4711)"; empty where the other process has not written its number yet.
std::string holderOf(const fs::path& lock)
{
    const std::string number(text::trimmed(platform::readFile(lock, kMaxNumberBytes)));
    const bool known = !number.empty() && number.find_first_not_of("0123456789") == std::string::npos;
    return known ? fmt::format(" (process {})", number) : "";
}

/// The number helps the operator only; the lock does not depend on it.
void writeNumber(int fd)
{
    const std::string number = fmt::format("{}\n", ::getpid());
    if (::ftruncate(fd, 0) == 0 && ::pwrite(fd, number.data(), number.size(), 0) < 0)
        platform::logDebug("bmd", "the lock file keeps no process number");
}

platform::Fd lockFolder(const fs::path& folder, Clock::time_point until)
{
    const fs::path file = folder / kLockFile;
    for (bool first = true;; first = false) {
        if (platform::Fd lock = platform::lockFile(file, platform::LockShare::Exclusive)) {
            writeNumber(lock.get());
            return lock;
        }
        if (Clock::now() >= until)
            throw Error(
                ErrorCode::Conflict, fmt::format("another bmd{} uses {}", holderOf(file), folder.string()),
                "stop bmd first: systemctl stop bmd; a second bmd needs folders of its own (paths.state_dir, "
                "images.dir)");
        if (first)
            platform::logInfo("bmd", "another bmd{} uses {}; waiting for its end", holderOf(file),
                              folder.string());
        std::this_thread::sleep_for(kPause);
    }
}

} // namespace

StateLock::StateLock(const BackupPlaces& places, std::chrono::milliseconds patience)
{
    const Clock::time_point until = Clock::now() + patience;
    for (const fs::path& folder : foldersOf(places)) // sorted: two processes lock in one order
        locks_.push_back(lockFolder(folder, until));
}

} // namespace bm::bmd

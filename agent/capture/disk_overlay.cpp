#include "agent/capture/disk_overlay.h"

#include "agent/disk/inventory_reader.h"
#include "common/model/error.h"

#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <unistd.h>

namespace bm::agent {

namespace fs = std::filesystem;
using model::Error;
using model::ErrorCode;

namespace {

constexpr std::uint64_t kSector = 512; ///< device mapper's unit
constexpr std::uint64_t kMostChanges = std::uint64_t{1} << 30U;
constexpr std::chrono::seconds kCallDeadline{30};

std::uint64_t memoryBytes()
{
    return static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
           static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

void makeSparse(const fs::path& file, std::uint64_t bytes)
{
    const platform::Fd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!fd || ::ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0)
        throw Error(ErrorCode::DiskFailed, "the RAM has no space for the changes: " + file.string());
}

/// "/dev/dm-3" of the device called @p name; "" when there is none.
std::string deviceCalled(const std::string& name)
{
    std::error_code ignored;
    for (const fs::directory_entry& entry : fs::directory_iterator("/sys/class/block", ignored))
        if (readAttribute(entry.path() / "dm/name") == name)
            return "/dev/" + entry.path().filename().string();
    return "";
}

} // namespace

DiskOverlay::DiskOverlay(platform::Exec& exec, const std::string& disk, std::uint64_t diskBytes,
                         AgentLog& log, const model::Deadline& deadline)
    : exec_(exec), log_(log), folder_("bm-overlay"), name_(fmt::format("bm-overlay-{}", ::getpid()))
{
    for (const char* module : {"loop", "dm_mod", "dm_snapshot"})
        exec_.run({{"modprobe", module}}, deadline.atMost(kCallDeadline)); // may be built in
    const fs::path file = folder_.path() / "changes";
    const std::uint64_t bytes = std::min(memoryBytes() / 3, kMostChanges) / kSector * kSector;
    makeSparse(file, bytes);
    changes_ = std::make_unique<LoopDevice>(file, 0, bytes, false, kSector);
    const std::string table =
        fmt::format("0 {} snapshot {} {} N 8", diskBytes / kSector, disk, changes_->path());
    const platform::Exit exit =
        exec_.run({{"dmsetup", "create", "--noudevrules", "--noudevsync", name_, "--table", table}},
                  deadline.atMost(kCallDeadline));
    path_ = exit.code == 0 ? deviceCalled(name_) : "";
    if (path_.empty())
        throw Error(ErrorCode::DiskFailed, fmt::format("cannot create an overlay of {}: {}", disk, exit.err),
                    "the kernel of the RAM disk needs dm_snapshot and loop");
}

DiskOverlay::~DiskOverlay()
{
    try {
        const platform::Exit exit =
            exec_.run({{"dmsetup", "remove", "--noudevrules", "--noudevsync", "--retry", name_}},
                      model::Deadline::in(kCallDeadline));
        if (exit.code != 0)
            log_.warning(fmt::format("cannot remove {}: {}", name_, exit.err));
    } catch (const Error& error) {
        log_.warning(fmt::format("cannot remove {}: {}", name_, error.message()));
    }
}

} // namespace bm::agent

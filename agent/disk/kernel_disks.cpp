#include "agent/disk/kernel_disks.h"

#include "agent/disk/inventory_reader.h"
#include "common/model/error.h"
#include "common/text/text.h"

#include <filesystem>
#include <fmt/format.h>
#include <system_error>

namespace bm::agent {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kSizeSector = 512;
constexpr int kDeepest = 8; ///< enough for LVM on LUKS on RAID on a partition: 4

fs::path sysfsOf(const std::string& name)
{
    return fs::path("/sys/class/block") / name;
}

std::uint64_t number(const fs::path& path)
{
    const std::string attribute = readAttribute(path);
    std::string_view rest = attribute;
    return text::takeNumber<std::uint64_t>(rest).value_or(0);
}

std::vector<fs::path> entriesOf(const fs::path& folder)
{
    std::vector<fs::path> out;
    std::error_code ignored;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored))
        out.push_back(entry.path());
    return out;
}

std::vector<fs::path> partitionFolders(const std::string& disk)
{
    std::vector<fs::path> out;
    std::error_code ignored;
    for (const fs::path& folder : entriesOf(sysfsOf(fs::path(disk).filename().string())))
        if (fs::exists(folder / "partition", ignored))
            out.push_back(folder);
    return out;
}

/// The disks of all arrays and volumes that can be reached from a disk or a partition, in both directions.
class VolumeMembers {
public:
    explicit VolumeMembers(const fs::path& sys) : block_(sys / "class/block") {}

    void visit(const std::string& name)
    {
        if (!seen_.insert(name).second)
            return;
        std::error_code ignored;
        const fs::path folder = block_ / name;
        if (fs::exists(folder / "partition", ignored))
            visit(fs::canonical(folder, ignored).parent_path().filename().string());
        else if (entriesOf(folder / "slaves").empty())
            disks_.insert("/dev/" + name);
        for (const fs::path& entry : entriesOf(folder))
            if (fs::exists(entry / "partition", ignored))
                visit(entry.filename().string());
        for (const char* neighbours : {"holders", "slaves"})
            for (const fs::path& neighbour : entriesOf(folder / neighbours))
                visit(neighbour.filename().string());
    }
    const std::set<std::string>& disks() const { return disks_; }

private:
    fs::path block_;
    std::set<std::string> seen_;
    std::set<std::string> disks_;
};

class Releaser {
public:
    Releaser(platform::Exec& exec, AgentLog& log, const model::Deadline& deadline)
        : exec_(exec), log_(log), deadline_(deadline)
    {}

    void releaseHoldersOf(const fs::path& folder, int depth = 0)
    {
        if (depth > kDeepest)
            return;
        for (const fs::path& holder : entriesOf(folder / "holders")) {
            const std::string name = holder.filename().string();
            releaseHoldersOf(sysfsOf(name), depth + 1);
            for (const fs::path& partition : partitionFolders(name))
                releaseHoldersOf(partition, depth + 1);
            stop(name);
        }
    }

private:
    void stop(const std::string& name)
    {
        if (name.starts_with("md"))
            run({"mdadm", "--stop", "/dev/" + name});
        else if (name.starts_with("dm-"))
            run({"dmsetup", "remove", "--retry", "--", readAttribute(sysfsOf(name) / "dm/name")});
        else
            log_.warning(name + " uses the disk; the agent cannot stop it");
    }

    void run(std::vector<std::string> argv)
    {
        const std::string what = fmt::format("{} {} {}", argv[0], argv[1], argv.back());
        try {
            const platform::Exit exit =
                exec_.run({std::move(argv)}, deadline_.atMost(std::chrono::seconds{30}));
            if (exit.code == 0)
                log_.info(what + ": stopped");
            else
                log_.warning(fmt::format("{} ended with {}: {}", what, exit.code, exit.err));
        } catch (const model::Error& error) {
            if (error.code() == model::ErrorCode::Aborted)
                throw;
            log_.warning(fmt::format("{}: {}", what, error.what()));
        }
    }

    platform::Exec& exec_;
    AgentLog& log_;
    const model::Deadline& deadline_;
};

} // namespace

std::vector<Extent> kernelPartitions(const std::string& disk, std::uint32_t sectorBytes)
{
    std::vector<Extent> out;
    for (const fs::path& folder : partitionFolders(disk)) {
        const std::uint64_t first = number(folder / "start") * kSizeSector / sectorBytes;
        const std::uint64_t count = number(folder / "size") * kSizeSector / sectorBytes;
        if (count > 0)
            out.push_back({first, first + count - 1});
    }
    return out;
}

std::set<std::string> disksInVolumesWith(const std::string& disk, const fs::path& sys)
{
    VolumeMembers members(sys);
    members.visit(fs::path(disk).filename().string());
    std::set<std::string> others = members.disks();
    others.erase(disk);
    return others;
}

void releaseDisk(platform::Exec& exec, const std::string& disk, AgentLog& log,
                 const model::Deadline& deadline)
{
    Releaser releaser(exec, log, deadline);
    releaser.releaseHoldersOf(sysfsOf(fs::path(disk).filename().string()));
    for (const fs::path& partition : partitionFolders(disk))
        releaser.releaseHoldersOf(partition);
}

} // namespace bm::agent

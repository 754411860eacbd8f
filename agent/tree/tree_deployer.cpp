#include "agent/tree/tree_deployer.h"

#include "agent/disk/block_device.h"
#include "agent/disk/gpt.h"
#include "agent/drive/config_drive.h"
#include "agent/relay/spilled_frames.h"
#include "agent/tree/boot_loader.h"
#include "agent/tree/disk_setup.h"
#include "agent/tree/file_read_back.h"
#include "agent/tree/mounted_tree.h"
#include "agent/tree/system_files.h"
#include "agent/tree/tree_extractor.h"
#include "common/model/error.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <thread>

namespace bm::agent {

using images::Manifest;
using model::Deadline;
using model::Error;
using model::ErrorCode;

namespace {

constexpr std::chrono::minutes kToolsDeadline{30};
constexpr std::uint64_t kSpareBytes = std::uint64_t{64} << 20U;

double secondsSince(std::chrono::steady_clock::time_point start)
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// The state that the stages of one deployment share.
class Deployment {
public:
    Deployment(const TreeOrder& order, const std::vector<std::filesystem::path>& disks, platform::Exec& exec,
               StepProgress& progress, AgentLog& log, const std::stop_token& stop)
        : order_(order), disks_(disks), exec_(exec), progress_(progress), log_(log), stop_(stop),
          deadline_(Deadline::in(kToolsDeadline, stop)), setup_(order.layout, disks, exec, log, deadline_)
    {}

    TreeOutcome run()
    {
        const auto start = std::chrono::steady_clock::now();
        prepare();
        source_.emplace(manifest_, order_, TreeStream::kBytes / 2, log_);
        stream_.emplace(manifest_, *source_, log_,
                        stop_); // it begins to fetch into memory
        announce("partitioning and making file systems");
        setup_.make();
        outcome_.preserved = setup_.preserved();
        {
            MountedTree tree(setup_.volumes());
            extract(tree);
            outcome_.writeSeconds = secondsSince(start);
            compare(tree);
            finish(tree);
        }
        setup_.release();
        placeDrives();
        outcome_.seconds = secondsSince(start);
        return outcome_;
    }

private:
    void announce(const std::string& what)
    {
        progress_.message(what);
        log_.info(what);
    }

    void prepare()
    {
        announce("fetching the manifest");
        manifest_ = fetchManifest(order_, stop_);
        outcome_.archiveBytes = manifest_.sizeBytes;
        progress_.total(manifest_.sizeBytes + order_.contentBytes);
        const std::size_t wanted = order_.layout.mirror ? 2 : 1;
        if (disks_.size() != wanted)
            throw Error(ErrorCode::DiskNotFound,
                        fmt::format("the layout needs {} disks, the order has {}", wanted, disks_.size()));
        for (const std::filesystem::path& disk : disks_)
            checkSize(disk);
        const std::string drive = fetchConfigDrive(order_, stop_);
        identity_ = identityFrom(drive);
        configDrive_ =
            fittedConfigDrive(drive, BlockDevice(disks_.front(), BlockDevice::Access::Read).sectorBytes());
        if (configDrivePartitionBytes(configDrive_) >= kConfigDriveRoom)
            throw Error(ErrorCode::ConfigDriveFailed,
                        fmt::format("the config drive has {} bytes, the layout leaves {} MiB for it",
                                    configDrive_.size(), (kConfigDriveRoom >> 20U) - 1),
                        "keep large files out of it; let cloud-init fetch them");
    }

    void checkSize(const std::filesystem::path& disk) const
    {
        const BlockDevice device(disk, BlockDevice::Access::Read);
        const std::uint64_t least = order_.layout.leastBytes(order_.contentBytes) + kConfigDriveRoom;
        if (device.sizeBytes() < least)
            throw Error(ErrorCode::DiskTooSmall,
                        fmt::format("{} has {} MiB, the layout with this tree needs at least {}",
                                    disk.string(), device.sizeBytes() >> 20U, least >> 20U),
                        "choose a larger disk by properties/root_device, or a smaller layout");
    }

    /// Mount points whose content is not unpacked: preserved file systems, and vfat, which has no owners.
    std::vector<std::string> skipped() const
    {
        std::vector<std::string> out;
        for (const MadeVolume& made : setup_.volumes())
            if (made.preserved ||
                (made.volume.fileSystem == layout::FileSystem::Vfat && !made.volume.mount.empty()))
                out.push_back(made.volume.mount.substr(1));
        return out;
    }

    void extract(MountedTree& tree)
    {
        announce(fmt::format("copying the tree, {} MiB", order_.contentBytes >> 20U));
        tree.mount(false);
        unpack(tree);
        announce("flushing");
        tree.unmount();
    }

    void unpack(const MountedTree& tree)
    {
        if (Relay* const relay = source_->relay(); relay != nullptr)
            relay->restoreFrom(std::make_unique<SpilledFrames>(manifest_, tree.roomiest(), keepFree(), log_));
        FileReadBack readBack(files_, tree.devices(), progress_);
        TreeExtractor extractor(tree.root(), *stream_, skipped(), files_, readBack, progress_, stop_);
        extractor.run();
        readBack.finish(stop_);
        outcome_.filesReadBack = readBack.files();
        outcome_.entries = extractor.entries();
        outcome_.contentBytes = extractor.contentBytes();
        outcome_.bytesFetched = stream_->bytesFetched();
        if (extractor.skipped() > 0)
            log_.info(fmt::format("skipped {} entries of the tree below {}", extractor.skipped(),
                                  fmt::join(skipped(), ", ")));
        if (Relay* const relay = source_->relay(); relay != nullptr)
            relay->linger(order_.linger, stop_);
        stream_.reset();
        source_.reset(); // ends the relay's file before the file system is unmounted
    }

    /// The space that the tree needs: its files and the overhead of the file system.
    std::uint64_t keepFree() const
    {
        const std::uint64_t content = order_.contentBytes != 0 ? order_.contentBytes : manifest_.sizeBytes;
        return content + content / 8 + kSpareBytes;
    }

    void compare(MountedTree& tree)
    {
        announce("reading back");
        tree.mount(true);
        files_.compare(
            tree.root(), {}, [this](std::uint64_t bytes) { progress_.add(bytes); }, stop_);
        outcome_.manifestDigest = files_.digest();
        tree.unmount();
        log_.info(
            fmt::format("{} entries read back without a difference; the content of {} files while copying",
                        outcome_.entries, outcome_.filesReadBack));
    }

    void finish(MountedTree& tree)
    {
        announce("configuring the system and its boot loader");
        tree.mount(false);
        writeSystemFiles(tree.root(), setup_.volumes(), identity_, log_);
        BootLoader(order_.layout, setup_, tree.root(), exec_, log_, deadline_).install();
        tree.unmount();
    }

    void placeDrives()
    {
        for (const std::filesystem::path& disk : disks_) {
            BlockDevice device(disk, BlockDevice::Access::Write);
            std::optional<Gpt> table = Gpt::read(device);
            if (!table)
                throw Error(ErrorCode::DiskFailed,
                            "the disk has lost the partition table that was just written",
                            "replace the disk");
            if (!configDrive_.empty() && &disk == &disks_.front()) {
                placeConfigDrive(device, *table, configDrive_);
                table->write(device);
            }
            device.flush();
            if (!device.rereadPartitions())
                log_.warning("the kernel keeps the old partition table of " + disk.string());
        }
    }

    const TreeOrder& order_;
    const std::vector<std::filesystem::path>& disks_;
    platform::Exec& exec_;
    StepProgress& progress_;
    AgentLog& log_;
    const std::stop_token& stop_;
    Deadline deadline_;
    DiskSetup setup_;
    Manifest manifest_;
    std::string configDrive_;
    SystemIdentity identity_;
    std::optional<CopySource> source_; ///< until everything is unpacked
    std::optional<TreeStream> stream_;
    TreeManifest files_;
    TreeOutcome outcome_;
};

} // namespace

TreeOutcome deployTree(const TreeOrder& order, const std::vector<std::filesystem::path>& disks,
                       platform::Exec& exec, StepProgress& progress, AgentLog& log,
                       const std::stop_token& stop)
{
    TreeOutcome outcome;
    std::exception_ptr failure;
    // Runs on a thread with its own mount namespace, so that all mounts end with the thread.
    std::jthread([&] {
        try {
            leaveMountNamespace();
            outcome = Deployment(order, disks, exec, progress, log, stop).run();
        } catch (...) {
            failure = std::current_exception();
        }
    }).join();
    if (failure)
        std::rethrow_exception(failure);
    return outcome;
}

} // namespace bm::agent

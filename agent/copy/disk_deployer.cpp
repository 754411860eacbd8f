#include "agent/copy/disk_deployer.h"

#include "agent/base/aligned_buffer.h"
#include "agent/copy/copy_source.h"
#include "agent/copy/disk_sink.h"
#include "agent/copy/present_blocks.h"
#include "agent/copy/read_back.h"
#include "agent/disk/gpt.h"
#include "agent/disk/partition_types.h"
#include "agent/disk/signature_wiper.h"
#include "agent/drive/config_drive.h"
#include "agent/relay/disk_frames.h"
#include "common/model/error.h"
#include "common/text/text.h"
#include "images/blocks/block_decoder.h"
#include "images/blocks/digest.h"
#include "images/blocks/merkle.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <functional>
#include <memory>
#include <utility>

namespace bm::agent {

using images::kBlockBytes;
using images::Manifest;
using model::Error;
using model::ErrorCode;

namespace {

double secondsSince(std::chrono::steady_clock::time_point start)
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

bool isLast(const Gpt& table, const Extent& partition)
{
    return std::ranges::none_of(table.partitions(),
                                [&](const Extent& other) { return other.last > partition.last; });
}

/// A disk that gets the image.
struct Target {
    explicit Target(const std::filesystem::path& path) : device(path, BlockDevice::Access::Write) {}
    BlockDevice device;
    std::optional<ReadBack> readBack{}; ///< from the first write on
    std::vector<Extent> oldPartitions{};
};

/// The state that the stages of one deployment share.
class Deployment {
public:
    Deployment(const DeployOrder& order, const std::vector<std::filesystem::path>& disks,
               StepProgress& progress, AgentLog& log, const std::stop_token& stop)
        : order_(order), progress_(progress), log_(log), stop_(stop)
    {
        for (const std::filesystem::path& path : disks)
            targets_.push_back(std::make_unique<Target>(path));
        if (targets_.empty())
            throw Error(ErrorCode::DiskNotFound, "no disk is given for the image");
    }

    DeployOutcome run()
    {
        const auto start = std::chrono::steady_clock::now();
        prepare();
        writeBlocks();
        flushAll();
        outcome_.writeSeconds = secondsSince(start);
        announce("reading back");
        for (const auto& target : targets_)
            target->readBack->finish(stop_);
        outcome_.blocksRoot = text::toHex(images::blocksRoot(manifest_));
        for (const auto& target : targets_)
            finishTable(target->device);
        if (Relay* const relay = source_->relay(); relay != nullptr) {
            relay->linger(order_.linger, stop_);
            relay->forget();
        }
        for (const auto& target : targets_)
            rereadTable(target->device);
        outcome_.seconds = secondsSince(start);
        return outcome_;
    }

private:
    void announce(const std::string& what)
    {
        progress_.message(what);
        log_.info(what);
    }

    void flushAll()
    {
        for (const auto& target : targets_)
            wipeSignatures(target->device, manifest_.sizeBytes, target->oldPartitions, stop_);
        announce("flushing the disk's cache");
        for (const auto& target : targets_)
            target->device.flush();
    }

    void rereadTable(BlockDevice& device)
    {
        if (!device.rereadPartitions())
            log_.warning("the kernel keeps the old partition table of " + device.path().string());
    }

    /// Makes all checks before the first write.
    void prepare()
    {
        announce("fetching the manifest");
        manifest_ = fetchManifest(order_, stop_);
        outcome_.imageBytes = manifest_.sizeBytes;
        for (const auto& target : targets_)
            checkSize(target->device);
        configDrive_ =
            fittedConfigDrive(fetchConfigDrive(order_, stop_), targets_.front()->device.sectorBytes());
        source_.emplace(manifest_, order_, order_.pipeline.memoryBytes / 2, log_);
        const std::vector<std::byte> begin = firstBlock();
        for (const auto& target : targets_)
            checkDisk(target->device, begin);
        progress_.total((1 + targets_.size()) * manifest_.sizeBytes);
    }

    void checkSize(const BlockDevice& device) const
    {
        if (manifest_.sizeBytes > device.sizeBytes())
            throw Error(ErrorCode::DiskTooSmall,
                        fmt::format("{} has {} bytes, the image {}", device.path().string(),
                                    device.sizeBytes(), manifest_.sizeBytes),
                        "choose a larger disk by properties/root_device, or a smaller image");
    }

    void checkDisk(const BlockDevice& device, const std::vector<std::byte>& begin)
    {
        const BlockDevice& first = targets_.front()->device;
        if (device.sectorBytes() != first.sectorBytes())
            throw Error(
                ErrorCode::ImageUnsupported,
                fmt::format("{} has sectors of {} bytes, {} of {}: all disks must have the same sector size",
                            first.path().string(), first.sectorBytes(), device.path().string(),
                            device.sectorBytes()),
                "deploy to disks of one kind");
        checkTable(device, findTable(begin));
        checkRoom(device, begin);
    }

    std::vector<std::byte> firstBlock()
    {
        if (manifest_.blocks.empty() || manifest_.blocks.front().hole)
            return {};
        const images::BlockEntry& entry = manifest_.blocks.front();
        std::vector<std::byte> raw(manifest_.rawLength(0));
        for (int attempt = 1;; ++attempt) {
            const std::size_t block = 0;
            const bool last = attempt == 3;
            source_->fetcher().fetch({&block, 1}, {[&](const FramePtr& frame) { firstFrame_ = frame; }},
                                     stop_, last);
            if (!firstFrame_)
                continue; // the source withdrew it
            try {
                images::BlockDecoder().decodeAny(entry, firstFrame_->bytes(), raw);
                return raw;
            } catch (const Error& error) {
                source_->fetcher().rejected(firstFrame_);
                firstFrame_.reset();
                if (last)
                    throw Error(ErrorCode::ChecksumMismatch,
                                fmt::format("block 0 from {}: {}", source_->name(), error.what()),
                                "the image in the store or a cache before it is damaged: bm image delete and "
                                "add it again");
            }
        }
    }

    void checkTable(const BlockDevice& device, const TableFound& found)
    {
        const std::uint32_t sector = device.sectorBytes();
        const bool other = found.kind == TableKind::Gpt ? found.sectorBytes != sector
                                                        : found.kind == TableKind::Mbr && sector != 512;
        if (other)
            throw Error(
                ErrorCode::ImageUnsupported,
                fmt::format("the image's partition table is for sectors of {} bytes, {} has sectors of {}",
                            found.kind == TableKind::Gpt ? found.sectorBytes : 512, device.path().string(),
                            sector),
                "use an image made for such disks, or another disk");
        if (!configDrive_.empty() && found.kind == TableKind::None)
            throw Error(ErrorCode::ConfigDriveFailed,
                        "the image has no partition table: a config drive is a partition",
                        "give the image a GPT or an MBR, or deploy without a config drive");
        table_ = found.kind;
    }

    /// Checks finishTable() on a copy of the table.
    void checkRoom(const BlockDevice& device, const std::vector<std::byte>& begin) const
    {
        if (table_ == TableKind::Mbr && !configDrive_.empty())
            Mbr::parse(begin)->addAtEnd(device.sizeBytes() / device.sectorBytes(),
                                        configDrivePartitionBytes(configDrive_) / device.sectorBytes());
        std::optional<Gpt> table =
            table_ == TableKind::Gpt ? Gpt::parse(begin, device.sectorBytes()) : std::nullopt;
        if (!table)
            return;
        table->moveToEnd(device);
        if (!configDrive_.empty() && !table->find("config-2"))
            table->addAtEnd(configDrivePartitionBytes(configDrive_) / device.sectorBytes(), "config-2");
    }

    void writeBlocks()
    {
        hashes_.resize(manifest_.blocks.size());
        copied_.assign(manifest_.blocks.size(), false);
        written_.emplace(manifest_.blocks.size());
        if (source_->relay() != nullptr)
            source_->relay()->restoreFrom(
                std::make_unique<DiskFrames>(manifest_, targets_.front()->device, *written_));
        for (const auto& target : targets_) {
            target->oldPartitions = partitionsOf(target->device);
            target->readBack.emplace(ReadBack::Parts{manifest_, target->device, hashes_, progress_},
                                     [this] { ended_.request_stop(); });
            copyTargets_.push_back({target->device, *target->readBack});
        }
        const std::vector<bool> present = presentBlocks();
        std::vector<std::size_t> blocks;
        std::vector<std::size_t> holes;
        std::uint64_t missing = 0;
        for (std::size_t i = 1; i < manifest_.blocks.size(); ++i)
            sort(i, present, blocks, holes, missing);
        if (!manifest_.blocks.empty())
            sort(0, present, blocks, holes, missing); // last: until then the disk does not boot
        if (!present.empty() && !present[0])
            zeroFirstBlock();
        progress_.add(outcome_.bytesPresent);
        announce(fmt::format("writing {} MiB, zeroing {} MiB{}", missing >> 20U, holes.size(),
                             outcome_.bytesPresent == 0 ? ""
                                                        : fmt::format(", the disk already has {} MiB",
                                                                      outcome_.bytesPresent >> 20U)));
        for (std::size_t i = 0; i < present.size(); ++i)
            if (present[i]) {
                written_->mark(i);
                targets_.front()->readBack->onDisk(i);
            }
        copy(blocks, holes);
        outcome_.bytesWritten += missing;
    }

    /// The blocks that need no copy, if the comparison saves time.
    std::vector<bool> presentBlocks()
    {
        std::vector<bool> none(manifest_.blocks.size(), false);
        const BlockDevice& device = targets_.front()->device;
        if (targets_.size() > 1) {
            outcome_.decision = {false, "several disks get it"};
            return none;
        }
        if (order_.resume) {
            announce("comparing the disk with the image");
            outcome_.decision = {true, "an earlier try was cut short"};
            return findPresent(manifest_, device, copied_, hashes_, stop_);
        }
        if (order_.copy.full) {
            outcome_.decision = {false, "the request says: every block"};
            return none;
        }
        announce("reading samples of the disk");
        const Probe probe = probeDisk(manifest_, device, stop_);
        outcome_.decision = chooseDelta(probe, probe.equal == 0 ? 0 : measuredCopy());
        log_.info(fmt::format("{}: {}",
                              outcome_.decision.onlyDiffering ? "copying the blocks that differ"
                                                              : "copying every block",
                              outcome_.decision.why));
        return outcome_.decision.onlyDiffering ? findPresent(manifest_, device, copied_, hashes_, stop_)
                                               : none;
    }

    /// Copies a few blocks. @return raw bytes per second; 0: the image is too small for that
    double measuredCopy()
    {
        const std::vector<std::size_t> trial = trialBlocks(manifest_);
        if (trial.empty())
            return 0;
        zeroFirstBlock();
        const auto start = std::chrono::steady_clock::now();
        copy(trial, {});
        const double seconds = secondsSince(start);
        std::uint64_t bytes = 0;
        for (const std::size_t block : trial) {
            copied_[block] = true;
            bytes += manifest_.rawLength(block);
        }
        outcome_.bytesWritten += bytes;
        return static_cast<double>(bytes) / std::max(seconds, 1e-6);
    }

    void copy(std::span<const std::size_t> blocks, std::span<const std::size_t> holes)
    {
        const std::stop_callback<std::function<void()>> both(stop_, [this] { ended_.request_stop(); });
        try {
            DiskSink({manifest_, *source_, copyTargets_, *written_, progress_, log_}, order_.pipeline)
                .write(blocks, holes, hashes_, ended_.get_token());
        } catch (const Error&) {
            for (const auto& target : targets_)
                target->readBack->check(); // throws when the disk returned other bytes
            throw;
        }
        outcome_.bytesFetched = source_->fetcher().bytesFetched();
    }

    void zeroFirstBlock()
    {
        for (const auto& target : targets_) {
            BlockDevice& device = target->device;
            device.zero(
                0, std::min(kBlockBytes, device.sizeBytes() / device.sectorBytes() * device.sectorBytes()),
                stop_);
        }
    }

    void sort(std::size_t block, const std::vector<bool>& present, std::vector<std::size_t>& blocks,
              std::vector<std::size_t>& holes, std::uint64_t& missing)
    {
        if (copied_[block])
            return;
        if (manifest_.blocks[block].hole) {
            holes.push_back(block);
        } else if (present[block]) {
            outcome_.bytesPresent += manifest_.rawLength(block);
        } else {
            blocks.push_back(block);
            missing += manifest_.rawLength(block);
        }
    }

    void finishTable(BlockDevice& device)
    {
        if (table_ != TableKind::Gpt) {
            if (order_.copy.growLastPartition)
                log_.info("no GPT in the image: no partition is grown");
            finishMbr(device);
            return;
        }
        std::optional<Gpt> table = Gpt::read(device);
        if (!table)
            throw Error(ErrorCode::DiskFailed, "the disk has lost the partition table that was just written");
        announce("finishing the partition table");
        table->moveToEnd(device);
        const std::optional<Extent> ownDrive = table->find("config-2");
        const bool growable = !ownDrive || !isLast(*table, *ownDrive);
        const std::uint64_t keep = configDrive_.empty() || ownDrive.has_value()
                                       ? 0
                                       : configDrivePartitionBytes(configDrive_) / device.sectorBytes();
        if (order_.copy.growLastPartition && growable)
            growLast(*table, keep);
        if (!configDrive_.empty())
            placeConfigDrive(device, *table, configDrive_);
        table->write(device);
    }

    void growLast(Gpt& table, std::uint64_t keepSectors)
    {
        const std::optional<Gpt::Entry> last = table.last();
        if (const PartitionUse use = last ? partitionUse(last->type, last->name) : PartitionUse{};
            last && !use.growable)
            log_.info(fmt::format(
                "the last partition ({}, type {}: {}) does not grow; the space behind it stays free",
                last->number, last->type, use.name));
        else if (table.growLast(keepSectors))
            log_.info("the last partition now reaches the end of the disk");
    }

    void finishMbr(BlockDevice& device)
    {
        if (configDrive_.empty())
            return;
        std::optional<Mbr> table = Mbr::read(device);
        if (!table)
            throw Error(ErrorCode::DiskFailed, "the disk has lost the partition table that was just written");
        placeConfigDrive(device, *table, configDrive_);
        table->write(device);
    }

    const DeployOrder& order_;
    StepProgress& progress_;
    AgentLog& log_;
    const std::stop_token& stop_;
    Manifest manifest_;
    std::string configDrive_;
    std::vector<BlockHash> hashes_;
    std::vector<bool> copied_; ///< written by measuredCopy()
    std::optional<WrittenBlocks> written_;
    std::stop_source ended_; ///< stops the writing: a stop request, or a disk returned other bytes
    std::vector<std::unique_ptr<Target>> targets_;
    std::vector<CopyTarget> copyTargets_; ///< of targets_, from the first write on
    std::optional<CopySource> source_;    ///< after the disk, from which the relay serves
    FramePtr firstFrame_; ///< kept until the end, because the disk's first block changes after it was written
    TableKind table_ = TableKind::None;
    DeployOutcome outcome_;
};

} // namespace

DeployOutcome deployDisks(const DeployOrder& order, const std::vector<std::filesystem::path>& disks,
                          StepProgress& progress, AgentLog& log, const std::stop_token& stop)
{
    return Deployment(order, disks, progress, log, stop).run();
}

} // namespace bm::agent

#include "agent/copy/disk_deployer.h"

#include "agent/base/aligned_buffer.h"
#include "agent/copy/frame_fetcher.h"
#include "agent/copy/read_back.h"
#include "agent/disk/config_drive.h"
#include "agent/disk/gpt.h"
#include "agent/disk/signature_wiper.h"
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

/// A further disk of the order.
struct FurtherDisk {
    explicit FurtherDisk(const std::filesystem::path& path) : device(path, BlockDevice::Access::Write) {}
    BlockDevice device;
    std::optional<ReadBack> readBack{};
    std::vector<Extent> oldPartitions{};
};

/// One deployment on its way: what its stages share.
class Deployment {
public:
    Deployment(const DeployOrder& order, const std::filesystem::path& disk, StepProgress& progress,
               AgentLog& log, const std::stop_token& stop)
        : order_(order), progress_(progress), log_(log), stop_(stop),
          device_(disk, BlockDevice::Access::Write)
    {
        for (const std::filesystem::path& path : order.moreDisks)
            further_.push_back(std::make_unique<FurtherDisk>(path));
    }

    DeployOutcome run()
    {
        const auto start = std::chrono::steady_clock::now();
        prepare();
        writeBlocks();
        flushAll();
        outcome_.writeSeconds = secondsSince(start);
        say("reading back");
        readBack_->finish(stop_);
        for (const auto& disk : further_)
            disk->readBack->finish(stop_);
        outcome_.blocksRoot = text::toHex(images::blocksRoot(manifest_));
        finishTable(device_);
        for (const auto& disk : further_)
            finishTable(disk->device);
        if (relay_) {
            relay_->linger(order_.linger, stop_);
            relay_->forget();
        }
        rereadTable(device_);
        for (const auto& disk : further_)
            rereadTable(disk->device);
        outcome_.seconds = secondsSince(start);
        return outcome_;
    }

private:
    void say(const std::string& what)
    {
        progress_.message(what);
        log_.note(what);
    }

    void flushAll()
    {
        wipeSignatures(device_, manifest_.sizeBytes, oldPartitions_, stop_);
        for (const auto& disk : further_)
            wipeSignatures(disk->device, manifest_.sizeBytes, disk->oldPartitions, stop_);
        say("flushing the disk's cache");
        device_.flush();
        for (const auto& disk : further_)
            disk->device.flush();
    }

    void rereadTable(BlockDevice& device)
    {
        if (!device.rereadPartitions())
            log_.trouble("the kernel keeps the old partition table of " + device.path().string());
    }

    /// All that can be refused is refused here, before a byte is written.
    void prepare()
    {
        say("fetching the manifest");
        manifest_ = fetchManifest(order_, stop_);
        outcome_.imageBytes = manifest_.sizeBytes;
        checkSize(device_);
        configDrive_ = fetchConfigDrive(order_, stop_);
        source_ = makeFrameSource(order_.blocks, order_.token);
        makeFetcher();
        const std::vector<std::byte> begin = firstBlock();
        checkDisk(device_, begin);
        for (const auto& disk : further_) {
            checkSize(disk->device);
            checkDisk(disk->device, begin);
        }
        progress_.total((2 + further_.size()) * manifest_.sizeBytes);
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
        if (device.sectorBytes() != device_.sectorBytes())
            throw Error(ErrorCode::ImageUnsupported,
                        fmt::format("{} has sectors of {} bytes, {} of {}: one image fits only one kind",
                                    device_.path().string(), device_.sectorBytes(), device.path().string(),
                                    device.sectorBytes()),
                        "deploy to disks of one kind");
        checkTable(device, findTable(begin));
        checkRoom(device, begin);
    }

    void makeFetcher()
    {
        const std::size_t pipelineBytes = order_.pipeline.memoryBytes / 2;
        if (order_.relay != nullptr)
            relay_.emplace(manifest_, *order_.relay, order_.relaySettings, pipelineBytes, log_);
        else
            store_.emplace(pipelineBytes, false);
        fetcher_.emplace(manifest_, *source_, store(), log_, order_.relay);
    }

    FrameStore& store() { return relay_ ? relay_->store() : *store_; }

    std::vector<std::byte> firstBlock()
    {
        if (manifest_.blocks.empty() || manifest_.blocks.front().hole)
            return {};
        const images::BlockEntry& entry = manifest_.blocks.front();
        std::vector<std::byte> raw(manifest_.rawLength(0));
        for (int attempt = 1;; ++attempt) {
            const std::size_t block = 0;
            const bool last = attempt == 3;
            fetcher_->fetch({&block, 1}, {[&](const FramePtr& frame) { firstFrame_ = frame; }}, stop_, last);
            if (!firstFrame_)
                continue; // its source had it wrong, and said so
            try {
                images::BlockDecoder().decodeAny(entry, firstFrame_->bytes(), raw);
                return raw;
            } catch (const Error& error) {
                fetcher_->rejected(firstFrame_);
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
        if (!configDrive_.empty() && found.kind != TableKind::Gpt)
            throw Error(
                ErrorCode::ConfigDriveFailed,
                fmt::format("the image has {}: a config drive is added only to a GPT",
                            found.kind == TableKind::Mbr ? "an MBR partition table" : "no partition table"),
                "convert the image with sgdisk --mbrtogpt, or deploy without a config drive");
        table_ = found.kind;
    }

    /// Tries on a copy what finishTable() will do.
    void checkRoom(const BlockDevice& device, const std::vector<std::byte>& begin) const
    {
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
        oldPartitions_ = partitionsOf(device_);
        written_.emplace(manifest_.blocks.size());
        if (relay_)
            relay_->serveFrom(device_, *written_);
        readBack_.emplace(ReadBack::Parts{manifest_, device_, hashes_, progress_},
                          [this] { ended_.request_stop(); });
        for (const auto& disk : further_) {
            disk->oldPartitions = partitionsOf(disk->device);
            disk->readBack.emplace(ReadBack::Parts{manifest_, disk->device, hashes_, progress_},
                                   [this] { ended_.request_stop(); });
            twins_.push_back({disk->device, *disk->readBack});
        }
        const std::vector<bool> present = lookAtDisk();
        std::vector<std::size_t> blocks;
        std::vector<std::size_t> holes;
        std::uint64_t missing = 0;
        for (std::size_t i = 1; i < manifest_.blocks.size(); ++i)
            sort(i, present, blocks, holes, missing);
        if (!manifest_.blocks.empty())
            sort(0, present, blocks, holes, missing); // last: till then nothing can boot from this disk
        if (!present.empty() && !present[0])
            zeroFirstBlock();
        progress_.add(outcome_.bytesPresent);
        say(fmt::format("writing {} MiB, zeroing {} MiB{}", missing >> 20U, holes.size(),
                        outcome_.bytesPresent == 0
                            ? ""
                            : fmt::format(", {} MiB are already there", outcome_.bytesPresent >> 20U)));
        for (std::size_t i = 0; i < present.size(); ++i)
            if (present[i]) {
                written_->mark(i);
                readBack_->onDisk(i);
            }
        copy(blocks, holes);
        outcome_.bytesWritten += missing;
    }

    /// Which blocks need not be copied, if it pays to ask.
    std::vector<bool> lookAtDisk()
    {
        std::vector<bool> none(manifest_.blocks.size(), false);
        if (!further_.empty()) {
            outcome_.decision = {false, "several disks get it"};
            return none;
        }
        if (order_.resume) {
            say("looking for what is already written");
            outcome_.decision = {true, "an earlier try was cut short"};
            return findPresent(manifest_, device_, copied_, hashes_, stop_);
        }
        if (order_.full) {
            outcome_.decision = {false, "every block was asked for"};
            return none;
        }
        say("looking at the disk");
        const Probe probe = probeDisk(manifest_, device_, stop_);
        outcome_.decision = chooseDelta(probe, probe.held == 0 ? 0 : measuredCopy());
        log_.note(fmt::format("{}: {}",
                              outcome_.decision.onlyDiffering ? "what differs is copied" : "all is copied",
                              outcome_.decision.why));
        return outcome_.decision.onlyDiffering ? findPresent(manifest_, device_, copied_, hashes_, stop_)
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
        ImageWriter::Parts parts{manifest_, device_, *fetcher_, store(), progress_, log_};
        parts.relay = relay_ ? &*relay_ : nullptr;
        parts.written = &*written_;
        parts.readBack = &*readBack_;
        parts.twins = twins_;
        const std::stop_callback<std::function<void()>> both(stop_, [this] { ended_.request_stop(); });
        try {
            ImageWriter(parts, source_->name(), order_.pipeline)
                .write(blocks, holes, hashes_, ended_.get_token());
        } catch (const Error&) {
            readBack_->check(); // the disk gave back other bytes: that is why
            for (const Twin& twin : twins_)
                twin.readBack.check();
            throw;
        }
        outcome_.bytesFetched = fetcher_->bytesFetched();
    }

    void zeroFirstBlock()
    {
        const auto zero = [this](BlockDevice& device) {
            device.zero(
                0, std::min(kBlockBytes, device.sizeBytes() / device.sectorBytes() * device.sectorBytes()),
                stop_);
        };
        zero(device_);
        for (const auto& disk : further_)
            zero(disk->device);
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
            if (order_.growLastPartition)
                log_.note("no GPT in the image: no partition is grown");
            return;
        }
        std::optional<Gpt> table = Gpt::read(device);
        if (!table)
            throw Error(ErrorCode::DiskFailed, "the partition table just written is not there");
        say("finishing the partition table");
        table->moveToEnd(device);
        const std::optional<Extent> ownDrive = table->find("config-2");
        const bool growable = !ownDrive || !isLast(*table, *ownDrive);
        const std::uint64_t keep = configDrive_.empty() || ownDrive.has_value()
                                       ? 0
                                       : configDrivePartitionBytes(configDrive_) / device.sectorBytes();
        if (order_.growLastPartition && growable && table->growLast(keep))
            log_.note("the last partition now reaches the end of the disk");
        if (!configDrive_.empty())
            placeConfigDrive(device, *table, configDrive_);
        table->write(device);
    }

    const DeployOrder& order_;
    StepProgress& progress_;
    AgentLog& log_;
    const std::stop_token& stop_;
    BlockDevice device_;
    Manifest manifest_;
    std::string configDrive_;
    std::unique_ptr<FrameSource> source_;
    std::optional<WrittenBlocks> written_;
    std::optional<FrameStore> store_; ///< without a relay
    std::optional<Relay> relay_;
    std::optional<FrameFetcher> fetcher_;
    FramePtr firstFrame_; ///< kept till the end: the disk's first block is changed after it was written
    TableKind table_ = TableKind::None;
    std::vector<BlockHash> hashes_;
    std::vector<bool> copied_;         ///< to measure
    std::stop_source ended_;           ///< of the writing: asked to, or because of what was read back
    std::optional<ReadBack> readBack_; ///< from the first write on
    std::vector<Extent> oldPartitions_;
    std::vector<std::unique_ptr<FurtherDisk>> further_;
    std::vector<Twin> twins_; ///< of further_, once it is written to
    DeployOutcome outcome_;
};

} // namespace

DeployOutcome deployDisk(const DeployOrder& order, const std::filesystem::path& disk, StepProgress& progress,
                         AgentLog& log, const std::stop_token& stop)
{
    return Deployment(order, disk, progress, log, stop).run();
}

} // namespace bm::agent

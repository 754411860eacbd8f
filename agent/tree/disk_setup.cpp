#include "agent/tree/disk_setup.h"

#include "agent/disk/block_device.h"
#include "agent/disk/gpt.h"
#include "agent/disk/inventory_reader.h"
#include "agent/disk/kernel_disks.h"
#include "agent/disk/partition_types.h"
#include "agent/disk/signature_wiper.h"
#include "common/model/error.h"
#include "common/model/ids.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <thread>

namespace bm::agent {

using layout::DiskLayout;
using layout::FileSystem;
using layout::LayoutPartition;
using layout::LayoutVolume;
using layout::PartitionKind;
using model::Error;
using model::ErrorCode;
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;
constexpr int kFirstArray = 120; ///< the kernel itself counts down from 127
constexpr std::chrono::seconds kNodesAppearWithin{10};

/// The type GUID of UEFI and Linux.
std::string_view typeGuid(const DiskLayout& layout, const LayoutPartition& partition)
{
    if (partition.kind == PartitionKind::Bios)
        return kBiosBootType;
    if (partition.kind == PartitionKind::Esp)
        return kEspType;
    if (layout.mirror)
        return kRaidType;
    if (partition.kind == PartitionKind::Lvm)
        return kLvmType;
    return partition.volume.fileSystem == FileSystem::Swap ? kSwapType : kLinuxType;
}

bool isBlockDevice(const std::filesystem::path& path)
{
    std::error_code ignored;
    return std::filesystem::is_block_file(path, ignored);
}

/// True if the kernel makes nodes of the disk's partitions; not of a loop device without LO_FLAGS_PARTSCAN.
bool showsPartitions(const std::filesystem::path& disk)
{
    return readAttribute(std::filesystem::path("/sys/class/block") / disk.filename() / "loop/partscan") !=
           "0";
}

/// "vda3", "nvme0n1p3".
std::string partitionName(const std::string& disk, std::size_t number)
{
    const bool digit = !disk.empty() && disk.back() >= '0' && disk.back() <= '9';
    return fmt::format("{}{}{}", disk, digit ? "p" : "", number);
}

/// Device mapper doubles hyphens inside names.
std::string mapped(const std::string& name)
{
    std::string out;
    for (const char c : name)
        out += c == '-' ? "--" : std::string(1, c);
    return out;
}

std::string upper(std::string text)
{
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::toupper(c); });
    return text;
}

/// Runs lvm without udev, which the RAM disk lacks; lvm creates and removes its device nodes itself.
std::vector<std::string> lvm(std::vector<std::string> words)
{
    std::vector<std::string> argv{"lvm", words.front(), "--config",
                                  "activation{udev_sync=0 udev_rules=0} devices{use_devicesfile=0}"};
    argv.insert(argv.end(), words.begin() + 1, words.end());
    return argv;
}

} // namespace

std::vector<PartitionPlace> placesOf(const DiskLayout& layout, std::uint64_t diskBytes)
{
    std::vector<PartitionPlace> places;
    std::uint64_t at = kMiB;
    const std::uint64_t end = diskBytes > kConfigDriveRoom ? (diskBytes - kConfigDriveRoom) / kMiB * kMiB : 0;
    for (const LayoutPartition& partition : layout.partitions) {
        const std::uint64_t length =
            partition.volume.sizeBytes != 0 ? partition.volume.sizeBytes : (end > at ? end - at : 0);
        places.push_back({at, length});
        at += length;
        if (length < kMiB || at > end)
            throw Error(ErrorCode::DiskTooSmall,
                        fmt::format("partition {} of the layout does not fit on a disk of {} MiB",
                                    partition.volume.name, diskBytes / kMiB),
                        "choose a larger disk by properties/root_device, or a smaller layout");
    }
    return places;
}

DiskSetup::DiskSetup(const DiskLayout& layout, std::vector<std::filesystem::path> disks, platform::Exec& exec,
                     AgentLog& log, const model::Deadline& deadline)
    : layout_(layout), disks_(std::move(disks)), exec_(exec), log_(log), deadline_(deadline),
      nodes_(disks_.size())
{}

DiskSetup::~DiskSetup()
{
    try {
        release();
    } catch (const std::exception& error) {
        log_.warning(fmt::format("releasing the disks: {}", error.what()));
    }
}

std::string DiskSetup::run(std::vector<std::string> argv, const char* doing, const std::string& input)
{
    const std::string name = argv.front();
    const platform::Exit exit =
        exec_.run({.argv = std::move(argv), .env = {{"MTOOLS_SKIP_CHECK", "1"}}, .input = input}, deadline_);
    if (exit.code != 0)
        throw Error(ErrorCode::DiskFailed,
                    fmt::format("{}: {} ended with {}: {}{}", doing, name, exit.code, exit.err,
                                exit.err.empty() ? exit.out : ""),
                    "check the disk: bm node show NODE");
    return exit.out;
}

bool DiskSetup::isPreserved(const LayoutVolume& volume) const
{
    return keeping_ && std::ranges::find(layout_.preserve, volume.mount) != layout_.preserve.end();
}

/// Checks the sizes and the existing partitions. Writes nothing.
void DiskSetup::checkDisks()
{
    std::size_t withTable = 0;
    for (const std::filesystem::path& disk : disks_) {
        releaseDisk(exec_, disk.string(), log_, deadline_);
        BlockDevice device(disk, BlockDevice::Access::Write);
        sectorBytes_ = device.sectorBytes();
        places_.push_back(placesOf(layout_, device.sizeBytes()));
        withTable += Gpt::read(device) ? 1U : 0U;
    }
    if (layout_.preserve.empty())
        return;
    if (withTable == 0) {
        log_.info("nothing to preserve: there is no partition table yet");
        return;
    }
    for (std::size_t disk = 0; disk < disks_.size(); ++disk)
        requireTable(disk);
    keeping_ = true;
}

/// @throws Error Conflict when the table differs from the layout
void DiskSetup::requireTable(std::size_t disk)
{
    const auto refuse = [&](const std::string& why) {
        throw Error(ErrorCode::Conflict,
                    fmt::format("the partitions of {} differ from the layout, so {} cannot be preserved: {}",
                                disks_[disk].string(), fmt::join(layout_.preserve, ", "), why),
                    "nothing was written; deploy with the disk's present layout, or without preserve");
    };
    const json table =
        json::parse(run({"sfdisk", "--json", disks_[disk].string()}, "reading the partition table"));
    const json& found = table.at("partitiontable").at("partitions");
    for (std::size_t i = 0; i < layout_.partitions.size(); ++i) {
        const LayoutPartition& wanted = layout_.partitions[i];
        if (i >= found.size())
            refuse(fmt::format("partition {} ({}) is missing", i + 1, wanted.volume.name));
        const json& there = found.at(i);
        if (there.value("name", "") != wanted.volume.name)
            refuse(fmt::format("partition {} is named \"{}\", expected \"{}\"", i + 1,
                               there.value("name", "").substr(0, 40), wanted.volume.name));
        const std::uint64_t start = there.value("start", std::uint64_t{0}) * sectorBytes_;
        const std::uint64_t size = there.value("size", std::uint64_t{0}) * sectorBytes_;
        if (start != places_[disk][i].offset || size != places_[disk][i].length)
            refuse(fmt::format("partition {} ({}) has {} MiB at {} MiB, expected {} at {}", i + 1,
                               wanted.volume.name, size / kMiB, start / kMiB, places_[disk][i].length / kMiB,
                               places_[disk][i].offset / kMiB));
    }
    for (std::size_t i = layout_.partitions.size(); i < found.size(); ++i)
        if (found.at(i).value("name", "") != "config-2")
            refuse(fmt::format("partition {} is not in the layout", i + 1));
}

void DiskSetup::createTable(std::size_t disk)
{
    {
        BlockDevice device(disks_[disk], BlockDevice::Access::Write);
        std::vector<Extent> old = partitionsOf(device);
        for (const Extent& extent : kernelPartitions(disks_[disk].string(), device.sectorBytes()))
            old.push_back(extent);
        wipeSignatures(device, 0, old, deadline_.stop);
        device.flush();
        device.rereadPartitions();
    }
    // Uses sfdisk, because sgdisk sleeps a second after writing.
    run({"sfdisk", "--quiet", "--wipe=always", "--no-reread", "--no-tell-kernel", disks_[disk].string()},
        "partitioning", tableScript(disk));
    BlockDevice device(disks_[disk], BlockDevice::Access::Write);
    device.flush();
    device.rereadPartitions();
}

/// The table in sfdisk's input format.
std::string DiskSetup::tableScript(std::size_t disk) const
{
    std::string script = "label: gpt\n";
    for (std::size_t i = 0; i < layout_.partitions.size(); ++i) {
        const PartitionPlace& place = places_[disk][i];
        script += fmt::format("start={}, size={}, type={}, name=\"{}\"\n", place.offset / sectorBytes_,
                              place.length / sectorBytes_, typeGuid(layout_, layout_.partitions[i]),
                              layout_.partitions[i].volume.name);
    }
    return script;
}

void DiskSetup::findNodes(std::size_t disk)
{
    const auto until = std::chrono::steady_clock::now() + kNodesAppearWithin;
    for (std::size_t i = 0; i < layout_.partitions.size(); ++i)
        nodes_[disk].push_back(nodeOf(disk, i, until));
}

/// The kernel's node, or a loop device when the disk is a file.
std::string DiskSetup::nodeOf(std::size_t disk, std::size_t index,
                              std::chrono::steady_clock::time_point until)
{
    const PartitionPlace& place = places_[disk][index];
    if (isBlockDevice(disks_[disk]) && showsPartitions(disks_[disk])) {
        std::string node = partitionName(disks_[disk].string(), index + 1);
        while (!isBlockDevice(node) && std::chrono::steady_clock::now() < until && !deadline_.over())
            std::this_thread::sleep_for(50ms);
        if (isBlockDevice(node))
            return node;
        log_.info(node + " does not appear: using a loop device instead");
    }
    loops_.push_back(
        std::make_unique<LoopDevice>(disks_[disk], place.offset, place.length, false, sectorBytes_));
    return loops_.back()->path();
}

std::string DiskSetup::makeMirror(std::size_t index)
{
    std::string array = fmt::format("/dev/md{}", kFirstArray + arrays_.size());
    std::vector<std::string> members;
    for (std::size_t disk = 0; disk < disks_.size(); ++disk)
        members.push_back(nodes_[disk][index]);
    std::vector<std::string> argv;
    if (keeping_)
        argv = {"mdadm", "--assemble", "--run", array};
    else
        argv = {"mdadm",
                "--create",
                array,
                "--run",
                "--level=1",
                "--metadata=1.2",
                "--bitmap=internal",
                "--homehost=any",
                "--name=" + layout_.partitions[index].volume.name,
                fmt::format("--raid-devices={}", members.size())};
    argv.insert(argv.end(), members.begin(), members.end());
    run(std::move(argv), "making the mirror");
    arrays_.push_back(array);
    return array;
}

std::string DiskSetup::deviceOf(std::size_t index)
{
    const PartitionKind kind = layout_.partitions[index].kind;
    const bool mirrored = layout_.mirror && (kind == PartitionKind::Data || kind == PartitionKind::Lvm);
    return mirrored ? makeMirror(index) : nodes_[0][index];
}

void DiskSetup::makeGroup(std::size_t index, const std::string& device)
{
    const LayoutPartition& partition = layout_.partitions[index];
    if (keeping_) {
        run(lvm({"vgchange", "-ay", partition.group}), "activating the volume group");
    } else {
        run(lvm({"pvcreate", "-ff", "-y", device}), "making the physical volume");
        run(lvm({"vgcreate", "-y", partition.group, device}), "making the volume group");
    }
    groups_.push_back(partition.group);
    for (const LayoutVolume& volume : partition.volumes) {
        if (!keeping_)
            run(volume.sizeBytes != 0 ? lvm({"lvcreate", "-y", "-W", "y", "-n", volume.name, "-L",
                                             fmt::format("{}m", volume.sizeBytes / kMiB), partition.group})
                                      : lvm({"lvcreate", "-y", "-W", "y", "-n", volume.name, "-l", "100%FREE",
                                             partition.group}),
                "making the logical volume");
        addVolume(volume, PartitionKind::Lvm,
                  fmt::format("/dev/mapper/{}-{}", mapped(partition.group), mapped(volume.name)));
    }
}

void DiskSetup::addVolume(const LayoutVolume& volume, PartitionKind kind, const std::string& device)
{
    MadeVolume made;
    made.volume = volume;
    made.kind = kind;
    made.device = device;
    made.preserved = isPreserved(volume);
    volumes_.push_back(made);
}

void DiskSetup::keepFileSystem(MadeVolume& made)
{
    const auto value = [&](const char* tag) {
        std::string text = run({"blkid", "-p", "-o", "value", "-s", tag, made.device},
                               "identifying the file system to preserve");
        while (text.ends_with('\n'))
            text.pop_back();
        return text;
    };
    const std::string type = value("TYPE");
    if (type != toText(made.volume.fileSystem))
        throw Error(ErrorCode::Conflict,
                    fmt::format("{} cannot be preserved: {} holds \"{}\", expected {}", made.volume.mount,
                                made.device, type, toText(made.volume.fileSystem)),
                    "nothing was written; deploy with the disk's present layout, or without preserve");
    made.uuid = value("UUID");
    log_.info(fmt::format("{} ({}) is left as it is", made.volume.mount, made.device));
}

void DiskSetup::makeFileSystem(MadeVolume& made)
{
    made.uuid = model::makeUuid();
    const std::string& device = made.device;
    const std::string& name = made.volume.name;
    switch (made.volume.fileSystem) {
    case FileSystem::None:
        return;
    case FileSystem::Ext4: // a feature set that GRUB 2.06 reads
        run({"mke2fs", "-q", "-F", "-t", "ext4", "-m", "1", "-U", made.uuid, "-L", name, "-O",
             "^metadata_csum_seed,^orphan_file", device},
            "making ext4");
        return;
    case FileSystem::Xfs:
        run({"mkfs.xfs", "-q", "-f", "-m", "uuid=" + made.uuid, "-L", name.substr(0, 12), device},
            "making xfs");
        return;
    case FileSystem::Btrfs:
        run({"mkfs.btrfs", "-q", "-f", "-U", made.uuid, "-L", name, device}, "making btrfs");
        return;
    case FileSystem::Vfat: {
        const std::string id = upper(made.uuid.substr(0, 8));
        made.uuid = id.substr(0, 4) + "-" + id.substr(4);
        run({"mkfs.fat", "-n", upper(name.substr(0, 11)), "-i", id, device}, "making vfat");
        for (const std::string& twin : made.twins)
            run({"mkfs.fat", "-n", upper(name.substr(0, 11)), "-i", id, twin}, "making vfat");
        return;
    }
    case FileSystem::Swap:
        run({"mkswap", "-f", "-U", made.uuid, "-L", name, device}, "making swap");
        return;
    }
}

void DiskSetup::make()
{
    checkDisks();
    for (std::size_t disk = 0; disk < disks_.size(); ++disk) {
        if (!keeping_)
            createTable(disk);
        findNodes(disk);
    }
    for (std::size_t i = 0; i < layout_.partitions.size(); ++i) {
        const LayoutPartition& partition = layout_.partitions[i];
        if (partition.kind == PartitionKind::Bios)
            continue;
        const std::string device = deviceOf(i);
        if (partition.kind == PartitionKind::Lvm)
            makeGroup(i, device);
        else
            addVolume(partition.volume, partition.kind, device);
        if (partition.kind == PartitionKind::Esp)
            for (std::size_t disk = 1; disk < disks_.size(); ++disk)
                volumes_.back().twins.push_back(nodes_[disk][i]);
    }
    for (MadeVolume& made : volumes_) // checks the preserved file systems before it creates the others
        if (made.preserved)
            keepFileSystem(made);
    for (MadeVolume& made : volumes_)
        if (!made.preserved)
            makeFileSystem(made);
}

void DiskSetup::release()
{
    for (const std::string& group : std::exchange(groups_, {}))
        run(lvm({"vgchange", "-an", group}), "deactivating the volume group");
    for (const std::string& array : std::exchange(arrays_, {}))
        run({"mdadm", "--stop", array}, "stopping the mirror");
    loops_.clear();
}

} // namespace bm::agent

#include "agent/start/disk_start.h"

#include "agent/disk/gpt.h"
#include "agent/start/esp_loader.h"
#include "common/model/error.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>

namespace bm::agent {

using model::Deadline;
using model::Error;
using model::ErrorCode;

namespace {

constexpr std::chrono::minutes kFirmwareDeadline{2};
constexpr unsigned kFirstDrive = 0x80;

/// GUIDs of the partitions in the disk's GPT; empty without a readable table.
std::vector<std::string> partitionGuids(const std::string& disk)
{
    std::vector<std::string> out;
    try {
        const BlockDevice device(disk, BlockDevice::Access::Read);
        if (const std::optional<Gpt> table = Gpt::read(device))
            for (const Gpt::Entry& entry : table->entries())
                out.push_back(entry.guid);
    } catch (const Error&) {
        return out; // broken or in use: no GUID is known
    }
    return out;
}

bool sameEntry(const BootTarget& a, const BootTarget& b)
{
    return a.partitionGuid == b.partitionGuid && a.loader == b.loader;
}

wire::BootReport inWords(const BootEntriesOutcome& outcome)
{
    return {
        .firmware = "uefi", .entries = outcome.entries, .removed = outcome.removed, .order = outcome.order};
}

} // namespace

DiskStart::DiskStart(std::vector<std::string> disks, const StepContext& context)
    : disks_(std::move(disks)), context_(context), uefi_(std::filesystem::exists("/sys/firmware/efi"))
{
    for (const std::string& disk : disks_)
        for (std::string& guid : partitionGuids(disk))
            partitionsBefore_.push_back(std::move(guid));
    if (!uefi_ && context_.mayChangeMachine && !disks_.empty())
        biosNumber_ = biosNumberOf(readBiosDrives(), traitsOf(disks_.front()));
}

/// The GUIDs that these disks had and that no disk has now. A GUID that another disk has, too, keeps its
/// entries.
std::vector<std::string> DiskStart::gone() const
{
    std::set<std::string> present;
    for (const wire::Disk& disk : context_.disks())
        for (std::string& guid : partitionGuids(disk.name))
            present.insert(std::move(guid));
    std::vector<std::string> out;
    std::ranges::copy_if(partitionsBefore_, std::back_inserter(out),
                         [&](const std::string& guid) { return !present.contains(guid); });
    return out;
}

std::vector<BootTarget> DiskStart::targets(const Deadline& deadline) const
{
    std::vector<BootTarget> out;
    for (const std::string& disk : disks_) {
        std::optional<EspPlace> esp;
        {
            const BlockDevice device(disk, BlockDevice::Access::Read);
            esp = findEsp(device);
        }
        if (!esp)
            throw Error(
                ErrorCode::ImageUnsupported,
                fmt::format("the content of {} has no EFI system partition: a UEFI machine does not start "
                            "from it",
                            disk),
                "deploy an image that has one, or set the machine to BIOS");
        BootTarget target{disk, esp->number, esp->guid, loaderIn(disk, *esp, context_.exec, deadline)};
        if (target.loader.empty())
            throw Error(ErrorCode::ImageUnsupported,
                        fmt::format("the EFI system partition of {} has no loader", disk),
                        fmt::format("expected {} or a vendor's shim or GRUB", kFallbackLoader));
        // Several disks with one image have equal GUIDs, so firmware could not distinguish their entries.
        if (std::ranges::none_of(out, [&](const BootTarget& other) { return sameEntry(other, target); }))
            out.push_back(std::move(target));
    }
    return out;
}

wire::BootReport DiskStart::registerUefi(const std::string& image)
{
    const Deadline deadline = Deadline::in(kFirmwareDeadline, context_.stop);
    const std::vector<BootTarget> wanted = targets(deadline);
    const BootEntriesOutcome outcome =
        enterTargets(wanted, bootLabel(image), gone(), context_.exec, context_.log, deadline);
    wire::BootReport result = inWords(outcome);
    result.loaders.emplace();
    for (const BootTarget& target : wanted)
        result.loaders->push_back(target.loader);
    context_.log.info(fmt::format("firmware starts {} ({}), boot order {}", fmt::join(outcome.entries, ", "),
                                  wanted.front().loader, fmt::join(outcome.order, ",")));
    return result;
}

wire::BootReport DiskStart::registerBios() const
{
    wire::BootReport result{.firmware = "bios"};
    if (!biosNumber_) {
        context_.log.info("the BIOS does not identify the drive of this disk");
        return result;
    }
    result.drive = *biosNumber_;
    result.startsFirst = *biosNumber_ == kFirstDrive;
    if (*biosNumber_ != kFirstDrive)
        result.trouble = fmt::format(
            "{} is drive {:#x} of the BIOS, which starts drive 0x80 first: put the disk first in "
            "the BIOS setup's list of hard disks; started by network the machine is sent to {:#x}",
            disks_.front(), *biosNumber_, *biosNumber_);
    context_.log.info(fmt::format("{} is drive {:#x} of the BIOS", disks_.front(), *biosNumber_));
    return result;
}

wire::BootReport DiskStart::registerDisks(const std::string& image)
{
    const char* firmware = uefi_ ? "uefi" : "bios";
    if (!context_.mayChangeMachine)
        return {.firmware = firmware};
    context_.progress.message("configuring the firmware to start this disk");
    try {
        return uefi_ ? registerUefi(image) : registerBios();
    } catch (const Error& error) {
        if (error.code() == ErrorCode::Aborted)
            throw;
        context_.log.warning(error.message());
        return {.firmware = firmware,
                .trouble = error.message() + (error.hint().empty() ? "" : "; " + error.hint())};
    }
}

wire::BootReport DiskStart::forget()
{
    if (!uefi_ || !context_.mayChangeMachine)
        return {.firmware = uefi_ ? "uefi" : "bios"};
    try {
        return inWords(enterTargets({}, "", gone(), context_.exec, context_.log,
                                    Deadline::in(kFirmwareDeadline, context_.stop)));
    } catch (const Error& error) {
        if (error.code() == ErrorCode::Aborted)
            throw;
        context_.log.warning(error.message());
        return {.firmware = "uefi", .trouble = error.message()};
    }
}

} // namespace bm::agent

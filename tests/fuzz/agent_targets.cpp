// Parsers that run in the RAM disk: of firmware, disks, tools and the server's answers.
#include "agent/capture/fstab.h"
#include "agent/disk/file_systems.h"
#include "agent/disk/gpt.h"
#include "agent/disk/mbr.h"
#include "agent/disk/scsi_vpd.h"
#include "agent/disk/shared_file_systems.h"
#include "agent/drive/config_drive.h"
#include "agent/hardware/erase/ata_security.h"
#include "agent/hardware/inspection/dmi_table.h"
#include "agent/hardware/inspection/lldp_frame.h"
#include "agent/relay/relay_wire.h"
#include "agent/start/boot_entries.h"
#include "agent/start/esp_loader.h"
#include "agent/start/kernel_choice.h"
#include "common/platform/files.h"
#include "common/text/bytes.h"
#include "common/wire/agent/agent_exchange.h"
#include "tests/fuzz/target_functions.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

namespace bm::fuzz {
namespace {

/// Corrects both CRC-32s of a primary GPT, else the parser would refuse nearly all inputs.
void mendGpt(std::vector<std::byte>& disk, std::size_t sector)
{
    constexpr std::size_t kHeader = 92;
    if (disk.size() < 2 * sector + kHeader)
        return;
    const std::span<std::byte> header = std::span(disk).subspan(sector, kHeader);
    const std::size_t entries = std::min(text::littleEndian<std::uint32_t>(header, 80), 1024U);
    const std::size_t bytes = entries * std::min(text::littleEndian<std::uint32_t>(header, 84), 512U);
    if (bytes <= disk.size() - 2 * sector)
        text::storeLittleEndian(header, 88, agent::crc32(std::span(disk).subspan(2 * sector, bytes)));
    text::storeLittleEndian<std::uint32_t>(header, 16, 0);
    text::storeLittleEndian(header, 16, agent::crc32(header));
}

} // namespace

/// Accepted tables can be changed and written at the end of another disk.
void gpt(Bytes bytes)
{
    constexpr std::size_t kMiB = std::size_t{1} << 20U;
    const std::uint32_t sector = !bytes.empty() && bytes.front() == std::byte{'4'} ? 4096 : 512;
    std::vector<std::byte> disk(bytes.begin(), bytes.end());
    disk.resize(std::min(disk.size(), kMiB));
    agent::findTable(disk);
    if (std::optional<agent::Mbr> table = agent::Mbr::parse(disk))
        refusesInWords([&] {
            const agent::Extent added = table->addAtEnd(std::uint64_t{1} << 33U, 2048);
            table->remove(added);
        });
    mendGpt(disk, sector);
    refusesInWords([&] {
        std::optional<agent::Gpt> table = agent::Gpt::parse(disk, sector);
        if (!table)
            return;
        for (const agent::Gpt::Entry& entry : table->entries())
            require(entry.guid.size() == 36);
        table->moveToEnd("disk", std::uint64_t{1} << 40U);
        table->growLast(2048);
        refusesInWords([&] { table->addAtEnd(2048, "config-2"); });
        table->remove("config-2");
        require(!table->pieces().empty());
    });
}

/// An ISO 9660 image without its first 32 KiB, which moves into a FAT file system.
void configDrive(Bytes bytes)
{
    constexpr std::size_t kSystemArea = 32768;
    refusesInWords([&] {
        const std::string image = std::string(kSystemArea, '\0').append(textOf(bytes));
        agent::checkConfigDrive(image);
        agent::checkConfigDrive(agent::fittedConfigDrive(image, 4096));
    });
}

/// Sectors of a disk, each after its number of two bytes: tables, LVM, md and cluster file systems.
void sharedDisk(Bytes bytes)
{
    constexpr std::size_t kSector = 512;
    constexpr off_t kDiskBytes = off_t{65536} * 512;
    const platform::Fd file(::memfd_create("disk", MFD_CLOEXEC));
    require(file && ::ftruncate(file.get(), kDiskBytes) == 0);
    for (; bytes.size() >= 2 + kSector; bytes = bytes.subspan(2 + kSector)) {
        const off_t at = off_t{text::littleEndian<std::uint16_t>(bytes, 0)} * 512;
        require(::pwrite(file.get(), bytes.data() + 2, kSector, at) == ssize_t{kSector});
    }
    const agent::BlockDevice disk(fmt::format("/proc/self/fd/{}", file.get()),
                                  agent::BlockDevice::Access::Read);
    for (const agent::SharedFileSystem& found : agent::sharedFileSystemsOn(disk))
        require(!found.name.empty() && !found.place.empty());
}

/// Accepted messages survive encoding.
void relayWire(Bytes bytes)
{
    if (const auto hello = agent::helloFrom(bytes))
        require(agent::helloFrom(agent::encode(*hello)).has_value());
    if (const auto want = agent::wantFrom(bytes); want && !agent::isYield(bytes))
        require(agent::wantFrom(agent::encode(*want)).has_value());
    if (const auto header = agent::headerFrom(bytes))
        require(agent::headerFrom(agent::encode(*header)).has_value() &&
                header->length <= agent::kLongestChunk);
}

void kernelChoice(Bytes bytes)
{
    const std::string_view text = textOf(bytes);
    if (const auto choice = agent::kernelFromGrub(text))
        require(!choice->kernel.empty());
    if (const auto choice = agent::kernelFromEntries({std::string(text), std::string(text)}))
        require(!choice->kernel.empty());
}

void fstab(Bytes bytes)
{
    for (const agent::FstabLine& line : agent::parseFstab(textOf(bytes)))
        require(!line.spec.empty() && !line.mount.empty());
}

/// Output of efibootmgr -v.
void bootEntries(Bytes bytes)
{
    const agent::BootVariables variables = agent::parseBootVariables(textOf(bytes));
    for (const agent::BootEntry& entry : variables.entries)
        require(entry.number.size() == 4);
    agent::staleEntries(variables, {}, "bm: x", {});
    agent::wantedOrder(variables, {"0001"});
}

/// Output of hdparm, partclone and mdir.
void diskTools(Bytes bytes)
{
    const std::string_view text = textOf(bytes);
    const agent::AtaSecurity found = agent::parseAtaSecurity(text);
    require(found.erase.count() >= 0 && found.enhancedErase.count() >= 0);
    agent::loaderAmong(text);
    const agent::ByteRange part{1U << 20U, 1U << 30U};
    refusesInWords([&] {
        std::uint64_t end = part.begin;
        for (const agent::ByteRange& range : agent::freeRangesFrom(text, part)) {
            require(range.begin >= end && range.end >= range.begin && range.end <= part.end);
            end = range.end;
        }
    });
}

/// A BOOT.CSV, after the names of files in its ESP: one a line, then an empty line.
void bootCsv(Bytes bytes)
{
    const std::string_view text = textOf(bytes);
    const std::size_t cut = std::min(text.find("\n\n"), text.size());
    const std::string_view listing = text.substr(0, cut);
    std::vector<agent::BootCsvFile> csvs;
    for (const std::string& path : agent::bootCsvAmong(listing))
        csvs.push_back({path, std::string(text.substr(std::min(cut + 2, text.size())))});
    const std::string loader = agent::loaderAmong(listing, csvs);
    require(loader.empty() || loader.starts_with('\\'));
}

/// SCSI's pages of identifiers.
void vpd(Bytes bytes)
{
    const std::string_view text = textOf(bytes);
    agent::serialFromVpd80(text);
    for (const agent::ScsiWwn& wwn : {agent::wwnFromVpd83(text), agent::wwnFromNaa(text)})
        require(wwn.wwn.empty() || wwn.wwn.starts_with("0x"));
}

void dmi(Bytes bytes)
{
    require(agent::installedMemoryMib(bytes).value_or(1) > 0);
}

/// Values lie in the frame; texts for people hold no control characters.
void lldp(Bytes bytes)
{
    const std::optional<agent::LldpFrame> frame = agent::parseLldpFrame(bytes);
    if (!frame)
        return;
    std::size_t length = 0;
    for (const agent::LldpTlv& tlv : frame->tlvs)
        length += 2 + tlv.value.size();
    require(frame->tlvs.size() >= 3 && length <= bytes.size());
    for (const std::string& text : {frame->chassisId, frame->portId, frame->portDescription,
                                    frame->systemName, frame->systemDescription, frame->managementAddress})
        require(std::ranges::all_of(text, [](char c) { return c < 0 || c >= 0x20; }));
}

/// What the server answers to the agent.
void agentAnswer(Bytes bytes)
{
    const std::string_view text = textOf(bytes);
    refusesInWords([&] {
        const wire::AgentExchangeAnswer answer = wire::agentExchangeAnswerFromJson(text);
        wire::agentExchangeAnswerFromJson(wire::toJson(answer).text);
    });
    refusesInWords([&] { wire::agentLookupAnswerFromJson(text); });
}

} // namespace bm::fuzz

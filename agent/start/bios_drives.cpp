#include "agent/start/bios_drives.h"

#include "agent/base/aligned_buffer.h"
#include "agent/disk/block_device.h"
#include "agent/disk/inventory_reader.h"
#include "common/model/error.h"
#include "common/text/bytes.h"
#include "common/text/text.h"

#include <algorithm>
#include <functional>
#include <system_error>

namespace bm::agent {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kFolder = "int13_dev";
constexpr std::size_t kSignatureAt = 440; ///< the disk signature of an MBR

template <class Number> std::optional<Number> numberOf(std::string_view text, int base)
{
    if (base == 16 && text.starts_with("0x"))
        text.remove_prefix(2);
    return text::parseNumber<Number>(text, base);
}

/// Keeps the drives that @p fits accepts, or all when it accepts none.
void narrow(std::vector<BiosDrive>& drives, const std::function<bool(const BiosDrive&)>& fits)
{
    std::vector<BiosDrive> left;
    std::ranges::copy_if(drives, std::back_inserter(left), fits);
    if (!left.empty())
        drives = std::move(left);
}

} // namespace

std::vector<BiosDrive> readBiosDrives(const fs::path& sys)
{
    std::vector<BiosDrive> out;
    std::error_code ignored;
    for (const fs::directory_entry& found : fs::directory_iterator(sys / "firmware/edd", ignored)) {
        const std::string name = found.path().filename().string();
        if (!name.starts_with(kFolder))
            continue;
        const auto number = numberOf<unsigned>(std::string_view(name).substr(kFolder.size()), 16);
        if (!number || *number < 0x80)
            continue;
        BiosDrive drive{.number = *number};
        drive.sectors = numberOf<std::uint64_t>(readAttribute(found.path() / "sectors"), 10).value_or(0);
        drive.signature = numberOf<std::uint32_t>(readAttribute(found.path() / "mbr_signature"), 16);
        drive.pci = fs::read_symlink(found.path() / "pci_dev", ignored).filename().string();
        out.push_back(std::move(drive));
    }
    std::ranges::sort(out, {}, &BiosDrive::number);
    return out;
}

DiskTraits traitsOf(const std::string& disk, const fs::path& sys)
{
    DiskTraits out;
    std::error_code ignored;
    out.sysPath = fs::canonical(sys / "block" / fs::path(disk).filename(), ignored).string();
    try {
        const BlockDevice device(disk, BlockDevice::Access::Read);
        out.sectors = device.sizeBytes() / device.sectorBytes();
        const AlignedBuffer buffer(device.sectorBytes());
        device.read(0, buffer.first(device.sectorBytes()));
        out.signature = text::littleEndian<std::uint32_t>(buffer.bytes(), kSignatureAt);
    } catch (const model::Error&) {
        return out; // in use or broken; the writing step reports it
    }
    return out;
}

std::optional<unsigned> biosNumberOf(const std::vector<BiosDrive>& drives, const DiskTraits& disk)
{
    std::vector<BiosDrive> left;
    std::ranges::copy_if(drives, std::back_inserter(left), [&](const BiosDrive& drive) {
        return drive.sectors == 0 || drive.sectors == disk.sectors;
    });
    narrow(left, [&](const BiosDrive& drive) {
        return !drive.pci.empty() && disk.sysPath.find("/" + drive.pci + "/") != std::string::npos;
    });
    narrow(left,
           [&](const BiosDrive& drive) { return drive.signature && drive.signature == disk.signature; });
    if (left.size() != 1)
        return std::nullopt;
    return left.front().number;
}

} // namespace bm::agent

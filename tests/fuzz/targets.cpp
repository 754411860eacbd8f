#include "tests/fuzz/targets.h"

#include "agent/hardware/inspection/dmi_table.h"
#include "agent/hardware/inspection/lldp_frame.h"
#include "common/layout/disk_layout.h"
#include "common/model/error.h"
#include "common/wire/json/json_input.h"
#include "common/wire/provision_request.h"
#include "common/wire/resources/allocation_fields.h"
#include "common/wire/resources/inspection_rule_fields.h"
#include "common/wire/resources/node_fields.h"
#include "common/wire/resources/step_list_fields.h"
#include "images/blocks/digest.h"
#include "images/blocks/manifest.h"
#include "images/formats/boot_archive.h"
#include "images/formats/boot_menu.h"
#include "images/formats/disk_inspection.h"
#include "images/formats/iso9660.h"
#include "images/formats/linux_kernel.h"
#include "images/formats/vhd_header.h"
#include "tests/fuzz/vhdx_pieces.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <vector>

namespace bm::fuzz {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::uint64_t kLimit = std::uint64_t{1} << 30U; // a walk over its tables takes milliseconds

void require(bool holds)
{
    if (!holds)
        std::abort();
}

void inspect(images::DiskFormat format, const images::ByteSource& source)
{
    try {
        require(images::inspectDisk(format, source, kLimit) <= kLimit);
    } catch (const model::Error& refused) {
        require(!refused.hint().empty());
    }
}

/// With its closing hash made right, else nothing would come past it. What is accepted is written back as it
/// was.
void manifest(Bytes bytes)
{
    constexpr std::size_t kHash = 32;
    std::vector<std::byte> mended(bytes.begin(), bytes.end());
    if (mended.size() > kHash) {
        const images::Sha256 hash = images::sha256(Bytes(mended).first(mended.size() - kHash));
        std::ranges::copy(std::as_bytes(std::span(hash)), mended.end() - kHash);
    }
    try {
        const images::Manifest parsed = images::parseManifest(mended);
        const std::string again = images::serialise(parsed);
        require(std::ranges::equal(std::as_bytes(std::span(again)), mended));
        require(parsed.dataBytes() <= parsed.sizeBytes);
    } catch (const model::Error&) {
        return;
    }
}

void qcow2(Bytes bytes)
{
    inspect(images::DiskFormat::Qcow2, images::MemorySource(bytes));
}

void vmdk(Bytes bytes)
{
    inspect(images::DiskFormat::Vmdk, images::MemorySource(bytes));
}

/// One's complement of the sum of all bytes, as footer and header want it.
void mendSum(std::span<std::byte> part, std::size_t field)
{
    std::fill_n(part.begin() + static_cast<std::ptrdiff_t>(field), 4, std::byte{0});
    std::uint32_t sum = 0;
    for (const std::byte byte : part)
        sum += std::to_integer<std::uint32_t>(byte);
    for (std::size_t i = 0; i < 4; ++i)
        part[field + i] = static_cast<std::byte>(~sum >> (24 - 8 * i));
}

void vhd(Bytes bytes)
{
    constexpr std::size_t kFooter = images::kVhdFooterBytes;
    std::vector<std::byte> mended(bytes.begin(), bytes.end());
    if (mended.size() >= kFooter) {
        mendSum(std::span(mended).first(kFooter), 64);
        if (mended.size() >= kFooter + 1024)
            mendSum(std::span(mended).subspan(kFooter, 1024), 36);
        mended.insert(mended.end(), mended.begin(), mended.begin() + kFooter); // its copy at the end
        try {
            images::parseVhdFooter(Bytes(mended).first(kFooter), bytes.size());
        } catch (const model::Error& refused) {
            require(!refused.hint().empty());
        }
    }
    inspect(images::DiskFormat::Vhd, images::MemorySource(mended));
}

void vhdx(Bytes bytes)
{
    inspect(images::DiskFormat::Vhdx, VhdxPieces(bytes));
}

/// What is accepted as text is accepted as JSON, by the agent too, and once more after it was written down.
void layoutFile(Bytes bytes)
{
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    try {
        const nlohmann::json read = layout::layoutFromText(text, "f");
        const layout::DiskLayout first = layout::layoutFromJson(read);
        const layout::DiskLayout again = layout::layoutFromJson(nlohmann::json::parse(read.dump()));
        require(first.partitions == again.partitions && first.leastBytes(0) < std::uint64_t{1} << 62U);
    } catch (const model::Error& refused) {
        require(refused.code() == model::ErrorCode::InvalidInput);
    }
}

void findFiles(const images::ByteSource& source, std::string_view text)
{
    try {
        const images::Iso9660 iso(source);
        for (const std::string_view path :
             {"isolinux/isolinux.cfg", "boot/grub/grub.cfg", "boot/vmlinuz", "a/a/a/a"})
            if (const std::optional<images::ByteRange> found = iso.find(path)) {
                require(found->offset + found->bytes <= source.sizeBytes());
                images::inspectKernel(source, *found, "k");
            }
    } catch (const model::Error& refused) {
        require(!refused.hint().empty());
    }
    for (const images::BootMenu& menu : {images::grubMenu(text), images::syslinuxMenu(text)})
        for (const images::BootEntry& entry : menu.entries)
            require(!entry.kernel.empty() && !entry.initrds.empty());
}

/// An ISO image from its first descriptor on (the 16 sectors before it say nothing), a boot menu, an archive.
void ramdisk(Bytes bytes)
{
    constexpr std::size_t kSystemArea = std::size_t{16} * 2048;
    std::vector<std::byte> image(kSystemArea);
    image.insert(image.end(), bytes.begin(), bytes.end());
    findFiles(images::MemorySource(image), {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    const images::MemorySource source(bytes);
    try {
        const images::BootArchive archive = images::readBootArchive(source);
        for (const auto& file : {archive.kernel, archive.initrd})
            require(!file || file->offset + file->bytes <= source.sizeBytes());
    } catch (const model::Error& refused) {
        require(!refused.hint().empty());
    }
    images::looksLikeBootArchive(bytes);
}

/// Values lie in the frame, what is shown holds no control characters.
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

void dmi(Bytes bytes)
{
    require(agent::installedMemoryMib(bytes).value_or(1) > 0);
}

/// A request's body: JSON, then whatever its first byte says it is for. What it refuses, it refuses in words.
void requestBody(Bytes bytes)
{
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (text.empty())
        return;
    try {
        const nlohmann::json body = wire::parseJson(text.substr(1));
        model::Node node;
        model::Runbook runbook;
        switch (text.front() % 6) {
        case 0:
            wire::patchNode(node, body, wire::kMaxVersion, {});
            break;
        case 1:
            wire::nodeFromCreate(body, wire::kMaxVersion, {});
            break;
        case 2:
            wire::verbFromBody(body, wire::kMaxVersion);
            break;
        case 3:
            wire::inspectionRuleShape().fromCreate(body, wire::kMaxVersion);
            break;
        case 4:
            wire::runbookShape().patch(runbook, body, wire::kMaxVersion);
            break;
        default:
            wire::allocationShape().fromCreate(body, wire::kMaxVersion);
        }
    } catch (const model::Error& refused) {
        require(!refused.message().empty());
    }
}

constexpr auto kTargets = std::to_array<Target>({
    {"dmi", dmi},
    {"layout", layoutFile},
    {"lldp", lldp},
    {"manifest", manifest},
    {"qcow2", qcow2},
    {"ramdisk", ramdisk},
    {"request", requestBody},
    {"vhd", vhd},
    {"vhdx", vhdx},
    {"vmdk", vmdk},
});

} // namespace

std::span<const Target> targets()
{
    return kTargets;
}

const Target* findTarget(std::string_view name)
{
    const auto found = std::ranges::find(kTargets, name, &Target::name);
    return found == kTargets.end() ? nullptr : &*found;
}

} // namespace bm::fuzz

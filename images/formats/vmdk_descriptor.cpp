#include "images/formats/vmdk_descriptor.h"

#include "common/text/text.h"
#include "images/formats/disk_refusal.h"

#include <string_view>

namespace bm::images {
namespace {

constexpr DiskRefusal kRefusal{"vmdk"};
constexpr std::uint64_t kSector = 512;
constexpr std::uint64_t kUsualSector = 1; // qemu reads 20 sectors from here (DESC_OFFSET, DESC_SIZE)
constexpr std::uint64_t kUsualSectors = 20;
constexpr std::uint64_t kMostSectors = 2048;

/// The value of a line `key = "value"`; empty when the line has another key.
std::string_view valueOf(std::string_view line, std::string_view key)
{
    if (!line.starts_with(key))
        return {};
    std::string_view rest = text::trimmed(line.substr(key.size()));
    if (!rest.starts_with('='))
        return {};
    rest = text::trimmed(rest.substr(1));
    if (rest.size() >= 2 && rest.front() == '"' && rest.back() == '"')
        rest = rest.substr(1, rest.size() - 2);
    return rest;
}

void checkType(std::string_view type)
{
    if (type != "monolithicSparse" && type != "streamOptimized")
        kRefusal.unsupported(fmt::format("the type {} keeps its data in other files", type.substr(0, 40)),
                             "convert it to one file: qemu-img convert -O vmdk IMAGE NEW.vmdk");
}

/// True if the line is an extent, such as: RW 131072 SPARSE "name.vmdk". bm never follows the name; the kind
/// must match this file.
bool isExtent(std::string_view line)
{
    return line.starts_with("RW ") || line.starts_with("RDONLY ") || line.starts_with("NOACCESS ");
}

void checkLine(std::string_view line, int& extents)
{
    if (const std::string_view type = valueOf(line, "createType"); !type.empty())
        checkType(type);
    if (const std::string_view parent = valueOf(line, "parentCID"); !parent.empty() && parent != "ffffffff")
        kRefusal.unsupported("the image needs a parent",
                             "convert it to one file: qemu-img convert -O vmdk IMAGE NEW.vmdk");
    if (!isExtent(line))
        return;
    if (line.find(" SPARSE ") == std::string_view::npos || ++extents > 1)
        kRefusal.unsupported("the image keeps its data in other files",
                             "convert it to one file: qemu-img convert -O vmdk IMAGE NEW.vmdk");
}

/// Searches the whole text, not only lines, because qemu does so.
void refuseParent(std::string_view text)
{
    if (text.find("parentFileNameHint") != std::string_view::npos)
        kRefusal.unsupported("the image needs a parent",
                             "convert it to one file: qemu-img convert -O vmdk IMAGE NEW.vmdk");
}

void checkText(std::string_view text)
{
    int extents = 0;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        checkLine(text::trimmed(text.substr(0, end)), extents);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
}

std::string textAt(const ByteSource& file, std::uint64_t sector, std::uint64_t sectors)
{
    std::string text;
    for (const std::byte byte : file.read(sector * kSector, sectors * kSector))
        text += static_cast<char>(byte);
    return text;
}

} // namespace

void checkVmdkDescriptor(const ByteSource& file, std::uint64_t sector, std::uint64_t sectors)
{
    if (sectors > kMostSectors || (sectors > 0 && sector > file.sizeBytes() / kSector))
        kRefusal.corrupt(
            fmt::format("invalid position of the descriptor: {} sectors at sector {}", sectors, sector));
    refuseParent(textAt(file, kUsualSector, kUsualSectors));
    if (sectors == 0)
        return;
    const std::string text = textAt(file, sector, sectors);
    refuseParent(text);
    checkText(std::string_view(text).substr(0, text.find('\0')));
}

} // namespace bm::images

#include "images/formats/boot_archive.h"

#include "common/model/error.h"
#include "common/text/text.h"

#include <array>
#include <fmt/format.h>
#include <string_view>

namespace bm::images {
namespace {

using model::Error;
using model::ErrorCode;

constexpr std::size_t kMostMembers = 16;
constexpr std::size_t kTarBlock = 512;
constexpr std::size_t kCpioHeader = 110;
constexpr std::size_t kLongestName = 128;
constexpr std::size_t kLongestArguments = 4096;
constexpr std::array<std::string_view, 3> kNames{"vmlinuz", "initrd.img", "kernel_arguments"};

struct Member {
    std::string name; ///< "" at the archive's end
    bool file = true;
    ByteRange content;
    std::uint64_t next = 0;
};

std::string textAt(std::span<const std::byte> bytes, std::size_t offset, std::size_t count)
{
    std::string text;
    for (const std::byte byte : bytes.subspan(std::min(offset, bytes.size()))) {
        if (text.size() == count)
            break;
        text += static_cast<char>(byte);
    }
    return text;
}

std::string untilNul(const std::string& text)
{
    return text.substr(0, text.find('\0'));
}

std::string plainName(const std::string& name)
{
    return name.starts_with("./") ? name.substr(2) : name;
}

std::uint64_t numberOf(std::string_view text, int base)
{
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    const std::optional<std::uint64_t> value = text::takeNumber<std::uint64_t>(text, base);
    if (!value)
        throw Error(ErrorCode::ImageCorrupt, "the archive is damaged: a length is not a number",
                    "create it again: tar -cf pair.tar vmlinuz initrd.img");
    return *value;
}

std::uint64_t roundedUp(std::uint64_t value, std::uint64_t to)
{
    return (value + to - 1) / to * to;
}

/// POSIX.1-1988 ustar and GNU tar. Names longer than 100 bytes match none of kNames.
Member tarMember(const ByteSource& source, std::uint64_t at)
{
    const std::vector<std::byte> header = source.read(at, kTarBlock);
    if (header.size() < kTarBlock)
        throw Error(ErrorCode::ImageCorrupt, "the archive is truncated", "fetch it again");
    Member member;
    member.name = plainName(untilNul(textAt(header, 0, 100)));
    if (member.name.empty())
        return member;
    const char type = static_cast<char>(header[156]);
    member.file = type == '0' || type == '\0';
    member.content = {at + kTarBlock, numberOf(textAt(header, 124, 12), 8)};
    member.next = member.content.offset + roundedUp(member.content.bytes, kTarBlock);
    return member;
}

/// newc, as the kernel reads it.
Member cpioMember(const ByteSource& source, std::uint64_t at)
{
    const std::vector<std::byte> header = source.read(at, kCpioHeader);
    if (header.size() < kCpioHeader)
        throw Error(ErrorCode::ImageCorrupt, "the archive is truncated", "fetch it again");
    const std::uint64_t nameBytes = numberOf(textAt(header, 94, 8), 16);
    const std::uint64_t mode = numberOf(textAt(header, 14, 8), 16);
    if (nameBytes > kLongestName)
        throw Error(ErrorCode::ImageUnsupported, "the archive has a name longer than 128 bytes",
                    "pack vmlinuz, initrd.img and kernel_arguments only");
    Member member;
    const std::vector<std::byte> name = source.read(at + kCpioHeader, static_cast<std::size_t>(nameBytes));
    member.name = plainName(untilNul(textAt(name, 0, name.size())));
    member.file = (mode & 0170000U) == 0100000U;
    member.content = {roundedUp(at + kCpioHeader + nameBytes, 4), numberOf(textAt(header, 54, 8), 16)};
    member.next = roundedUp(member.content.offset + member.content.bytes, 4);
    if (member.name == "TRAILER!!!")
        member.name.clear();
    return member;
}

bool isCpio(std::span<const std::byte> head)
{
    const std::string magic = textAt(head, 0, 6);
    return magic == "070701" || magic == "070702";
}

bool isTar(std::span<const std::byte> head)
{
    return textAt(head, 257, 5) == "ustar";
}

bool isOurs(std::string_view name)
{
    return std::ranges::find(kNames, name) != kNames.end();
}

} // namespace

bool looksLikeBootArchive(std::span<const std::byte> head) noexcept
try {
    const MemorySource source(head);
    if (isCpio(head))
        return isOurs(cpioMember(source, 0).name);
    return isTar(head) && isOurs(tarMember(source, 0).name);
} catch (const Error&) {
    return false;
}

namespace {

void checkMember(const Member& member, std::size_t number, const ByteSource& source)
{
    if (member.name == "." || (!member.file && member.name.ends_with('/')))
        throw Error(ErrorCode::ImageUnsupported, "the archive contains folders",
                    "pack the files without a folder: tar -cf pair.tar vmlinuz initrd.img");
    if (!member.file || !isOurs(member.name))
        throw Error(ErrorCode::ImageUnsupported,
                    fmt::format("the archive contains files besides kernel and initrd: entry {}", number),
                    "pack vmlinuz, initrd.img and kernel_arguments only");
    if (member.content.bytes > source.sizeBytes() ||
        member.content.offset > source.sizeBytes() - member.content.bytes)
        throw Error(ErrorCode::ImageCorrupt, "the archive is truncated within " + member.name,
                    "fetch it again and compare its checksum");
}

std::string argumentsIn(const ByteSource& source, const Member& member)
{
    const std::vector<std::byte> text =
        source.read(member.content.offset, std::min<std::uint64_t>(member.content.bytes, kLongestArguments));
    std::string arguments = textAt(text, 0, text.size());
    arguments.erase(arguments.find_last_not_of(" \n\r\t") + 1);
    return arguments;
}

} // namespace

BootArchive readBootArchive(const ByteSource& source)
{
    const std::vector<std::byte> head = source.read(0, kTarBlock);
    BootArchive found;
    const bool cpio = isCpio(head);
    if (!cpio && !isTar(head))
        throw Error(ErrorCode::ImageUnsupported,
                    "the image is neither an ISO image nor an archive of kernel and initrd",
                    "give one of them: bm image add --kernel vmlinuz --initrd initrd.img --name NAME, or an "
                    "ISO, or: tar -cf "
                    "pair.tar vmlinuz initrd.img");
    found.format = cpio ? "cpio" : "tar";
    std::uint64_t at = 0;
    for (std::size_t count = 0; count < kMostMembers; ++count) {
        const Member member = cpio ? cpioMember(source, at) : tarMember(source, at);
        if (member.name.empty())
            return found;
        checkMember(member, count + 1, source);
        if (member.name == "vmlinuz")
            found.kernel = member.content;
        else if (member.name == "initrd.img")
            found.initrd = member.content;
        else
            found.arguments = argumentsIn(source, member);
        at = member.next;
    }
    throw Error(ErrorCode::ImageUnsupported, "the archive contains too many files",
                "pack vmlinuz, initrd.img and kernel_arguments only");
}

} // namespace bm::images

#include "images/convert/tree_acl.h"

#include "common/text/bytes.h"
#include "common/text/text.h"
#include "images/convert/refusal.h"
#include "images/convert/tree_path.h"

#include <algorithm>
#include <archive.h>
#include <array>
#include <optional>
#include <span>
#include <sys/stat.h>
#include <utility>
#include <vector>

namespace bm::images {
namespace {

constexpr const char* kAccess = "system.posix_acl_access";
constexpr const char* kDefault = "system.posix_acl_default";
constexpr std::uint32_t kNobody = 0xffffffff;

enum Tag : std::uint16_t { UserObj = 1, User = 2, GroupObj = 4, Group = 8, Mask = 0x10, Other = 0x20 };

struct AclEntry {
    std::uint16_t tag = 0;
    std::uint16_t permissions = 0;
    std::uint32_t id = kNobody;
    bool operator==(const AclEntry&) const = default;
};
using Acl = std::vector<AclEntry>;

[[noreturn]] void refuse(const std::string& path, const std::string& why)
{
    throw Refusal(ConvertExit::Unsupported, "the archive's entry '" + printable(path) + "' " + why);
}

std::uint16_t tagOf(int tag, const std::string& path)
{
    constexpr auto kTags = std::to_array<std::pair<int, Tag>>({{ARCHIVE_ENTRY_ACL_USER_OBJ, UserObj},
                                                               {ARCHIVE_ENTRY_ACL_USER, User},
                                                               {ARCHIVE_ENTRY_ACL_GROUP_OBJ, GroupObj},
                                                               {ARCHIVE_ENTRY_ACL_GROUP, Group},
                                                               {ARCHIVE_ENTRY_ACL_MASK, Mask},
                                                               {ARCHIVE_ENTRY_ACL_OTHER, Other}});
    for (const auto& [theirs, ours] : kTags)
        if (theirs == tag)
            return ours;
    refuse(path, "has an ACL of a kind that Linux does not have");
}

std::uint32_t idOf(std::uint16_t tag, int id, const char* who, const std::string& path, const AclNames& names)
{
    if (id >= 0)
        return static_cast<std::uint32_t>(id);
    const std::string_view name = who == nullptr ? "" : who;
    if (const std::optional<std::uint32_t> number = text::parseNumber<std::uint32_t>(name))
        return *number;
    const auto& known = tag == User ? names.users : names.groups;
    if (const auto found = known.find(name); found != known.end())
        return found->second;
    refuse(path, "has an ACL for '" + printable(name) + "', which is missing from the tree's " +
                     (tag == User ? "/etc/passwd" : "/etc/group") +
                     " ; make the archive with tar --numeric-owner");
}

Acl aclOf(archive_entry* entry, int type, const std::string& path, const AclNames& names)
{
    Acl acl;
    if (archive_entry_acl_reset(entry, type) == 0)
        return acl;
    int kind = 0;
    int permissions = 0;
    int theirs = 0;
    int id = 0;
    const char* who = nullptr;
    while (archive_entry_acl_next(entry, type, &kind, &permissions, &theirs, &id, &who) == ARCHIVE_OK) {
        const std::uint16_t tag = tagOf(theirs, path);
        const bool named = tag == User || tag == Group;
        acl.push_back({tag, static_cast<std::uint16_t>(permissions & 7),
                       named ? idOf(tag, id, who, path, names) : kNobody});
    }
    return acl;
}

template <class T> void appendInteger(std::string& out, T value)
{
    for (std::size_t i = 0; i < sizeof(T); ++i)
        out += static_cast<char>(static_cast<std::uint8_t>(value >> (8U * i)));
}

std::string textOf(const Acl& acl)
{
    std::string out;
    appendInteger<std::uint32_t>(out, 2);
    for (const AclEntry& entry : acl) {
        appendInteger(out, entry.tag);
        appendInteger(out, entry.permissions);
        appendInteger(out, entry.id);
    }
    return out;
}

/// Parses the extended attribute of the packing machine.
Acl parsed(std::string_view text, const std::string& path)
{
    constexpr std::size_t kHeader = 4;
    constexpr std::size_t kEntry = 8;
    const std::span<const std::byte> bytes = std::as_bytes(std::span(text));
    if (text.size() < kHeader || (text.size() - kHeader) % kEntry != 0 ||
        text::littleEndian<std::uint32_t>(bytes, 0) != 2)
        refuse(path, "has an ACL of an unknown version");
    Acl acl;
    for (std::size_t at = kHeader; at < text.size(); at += kEntry)
        acl.push_back({text::littleEndian<std::uint16_t>(bytes, at),
                       text::littleEndian<std::uint16_t>(bytes, at + 2),
                       text::littleEndian<std::uint32_t>(bytes, at + 4)});
    return acl;
}

const AclEntry* find(const Acl& acl, std::uint16_t tag)
{
    const auto found = std::ranges::find(acl, tag, &AclEntry::tag);
    return found == acl.end() ? nullptr : &*found;
}

/// As posix_acl_valid() in fs/posix_acl.c: sorted, unique, with a mask when it names a user or group.
void check(Acl& acl, const std::string& path)
{
    std::ranges::sort(acl, {}, [](const AclEntry& entry) { return std::pair(entry.tag, entry.id); });
    const auto count = [&](std::uint16_t tag) { return std::ranges::count(acl, tag, &AclEntry::tag); };
    const bool whole = count(UserObj) == 1 && count(GroupObj) == 1 && count(Other) == 1 && count(Mask) <= 1;
    const bool named = count(User) + count(Group) > 0;
    const bool known = std::ranges::all_of(acl, [](const AclEntry& entry) {
        const bool someone = entry.tag == User || entry.tag == Group;
        return entry.permissions <= 7 && (entry.id == kNobody) != someone &&
               (entry.tag & (entry.tag - 1)) == 0 && entry.tag >= UserObj && entry.tag <= Other;
    });
    const auto twice = std::ranges::adjacent_find(
        acl, [](const AclEntry& a, const AclEntry& b) { return a.tag == b.tag && a.id == b.id; });
    if (!whole || !known || twice != acl.end() || (named && count(Mask) == 0))
        refuse(path, "has an ACL that the kernel would refuse");
}

mode_t modeOf(const Acl& acl)
{
    const AclEntry* group = find(acl, Mask) != nullptr ? find(acl, Mask) : find(acl, GroupObj);
    return static_cast<mode_t>(find(acl, UserObj)->permissions << 6U | group->permissions << 3U |
                               find(acl, Other)->permissions);
}

struct Attribute {
    std::string name;
    std::string value;
};

/// Removes all extended attributes of @p entry. Returns them, except the ACLs, which go to @p access and @p
/// inherited.
std::vector<Attribute> removeAttributes(archive_entry* entry, std::string& access, std::string& inherited)
{
    std::vector<Attribute> kept;
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t length = 0;
    archive_entry_xattr_reset(entry);
    while (archive_entry_xattr_next(entry, &name, &value, &length) == ARCHIVE_OK) {
        const std::string text(static_cast<const char*>(value), length);
        if (std::string_view(name) == kAccess)
            access = text;
        else if (std::string_view(name) == kDefault)
            inherited = text;
        else
            kept.push_back({name, text});
    }
    return kept;
}

} // namespace

std::map<std::string, std::uint32_t, std::less<>> AclNames::read(std::string_view text)
{
    std::map<std::string, std::uint32_t, std::less<>> out;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const std::string_view line = text.substr(at, end - at);
        at = end + 1;
        const std::size_t first = line.find(':');
        const std::size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
        if (second == std::string_view::npos || first == 0)
            continue;
        const std::string_view rest = line.substr(second + 1);
        if (const std::optional<std::uint32_t> number =
                text::parseNumber<std::uint32_t>(rest.substr(0, rest.find(':'))))
            out.emplace(line.substr(0, first), *number);
    }
    return out;
}

void convertAcls(archive_entry* entry, const std::string& path, const AclNames& names)
{
    const int types = archive_entry_acl_types(entry);
    if ((types & ARCHIVE_ENTRY_ACL_TYPE_NFS4) != 0)
        refuse(path, "has an NFSv4 ACL, which Linux's file systems do not hold");
    std::string rawAccess;
    std::string rawInherited;
    const std::vector<Attribute> others = removeAttributes(entry, rawAccess, rawInherited);
    Acl access = !rawAccess.empty() ? parsed(rawAccess, path)
                 : (types & ARCHIVE_ENTRY_ACL_TYPE_ACCESS) != 0
                     ? aclOf(entry, ARCHIVE_ENTRY_ACL_TYPE_ACCESS, path, names)
                     : Acl{};
    Acl inherited = !rawInherited.empty() ? parsed(rawInherited, path)
                    : (types & ARCHIVE_ENTRY_ACL_TYPE_DEFAULT) != 0
                        ? aclOf(entry, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, path, names)
                        : Acl{};
    const mode_t special = archive_entry_perm(entry) & 07000U;
    archive_entry_acl_clear(entry);
    archive_entry_xattr_clear(entry);
    for (const Attribute& attribute : others)
        archive_entry_xattr_add_entry(entry, attribute.name.c_str(), attribute.value.data(),
                                      attribute.value.size());
    constexpr std::size_t kNoMoreThanMode = 3;
    if (!access.empty()) {
        check(access, path);
        archive_entry_set_perm(entry, special | modeOf(access));
    }
    if (access.size() > kNoMoreThanMode) {
        const std::string text = textOf(access);
        archive_entry_xattr_add_entry(entry, kAccess, text.data(), text.size());
    }
    if (!inherited.empty() && archive_entry_filetype(entry) == AE_IFDIR) {
        check(inherited, path);
        const std::string text = textOf(inherited);
        archive_entry_xattr_add_entry(entry, kDefault, text.data(), text.size());
    }
}

} // namespace bm::images

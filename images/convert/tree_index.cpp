#include "images/convert/tree_index.h"

#include "images/convert/refusal.h"
#include "images/convert/tree_path.h"

#include <algorithm>
#include <fmt/format.h>
#include <sys/stat.h>

namespace bm::images {
namespace {

constexpr std::string_view kWhiteout = ".wh.";
constexpr std::string_view kOpaque = ".wh..wh..opq";

[[noreturn]] void refuse(std::string_view path, const std::string& why)
{
    throw Refusal(ConvertExit::Unsupported, "the archive's entry '" + printable(path) + "' " + why);
}

std::string nameOf(archive_entry* entry)
{
    const char* name = archive_entry_pathname(entry);
    if (name == nullptr)
        refuse("?", "has a name that is not UTF-8");
    return cleanPath(name);
}

/// Devices are allowed below dev/ only; elsewhere they bypass file permissions.
void checkDevice(std::string_view path)
{
    const std::string_view folder = parentOf(path);
    if (folder != "dev" && !folder.starts_with("dev/"))
        refuse(path, "is a device node outside dev/");
}

/// The first key after all keys below "a": those lie between "a/" and "a0", because '0' follows '/'.
std::string beyond(const std::string& path)
{
    return path + static_cast<char>('/' + 1);
}

} // namespace

/// True for a symlink of a lower layer. Links of the same layer are not followed: an archive that writes
/// through its own links is an attack on the unpacking program.
bool TreeIndex::isLowerLink(const Name& name) const
{
    return !name.directory && contents_[name.content].layer < layer_ && targets_.contains(name.content);
}

/// @p path with the symlinks of lower layers in its folders resolved inside the tree. Keeps the last part.
std::string TreeIndex::resolved(const std::string& path) const
{
    constexpr int kMostLinks = 40;             // Linux: MAXSYMLINKS
    constexpr std::size_t kLongestRest = 8192; // twice PATH_MAX
    if (layer_ == 0)
        return path;
    int links = 0;
    std::string folder;
    std::string rest = path;
    for (std::size_t slash = rest.find('/'); slash != std::string::npos; slash = rest.find('/')) {
        const std::string part = rest.substr(0, slash);
        rest.erase(0, slash + 1);
        if (part.empty() || part == ".")
            continue;
        if (part == "..") {
            folder = std::string(parentOf(folder));
            continue;
        }
        const std::string next = folder.empty() ? part : fmt::format("{}/{}", folder, part);
        const auto found = names_.find(next);
        if (found == names_.end() || !isLowerLink(found->second)) {
            folder = next;
            continue;
        }
        const std::string& target = targets_.at(found->second.content);
        if (++links > kMostLinks || rest.size() + target.size() > kLongestRest)
            refuse(path, "lies below too many or too long links");
        if (target.starts_with('/'))
            folder.clear();
        rest.insert(0, target + "/");
    }
    return links == 0 ? path : cleanPath(folder.empty() ? rest : folder + "/" + rest);
}

void TreeIndex::beginLayer(bool whiteouts)
{
    layer_ = layers_++;
    ordinal_ = 0;
    whiteouts_ = whiteouts;
}

std::uint32_t TreeIndex::newContent()
{
    contents_.push_back({layer_, ordinal_});
    return static_cast<std::uint32_t>(contents_.size() - 1);
}

void TreeIndex::add(archive_entry* entry)
{
    const std::string path = resolved(nameOf(entry));
    ++ordinal_;
    if (whiteouts_ && applyWhiteout(path))
        return;
    requireParents(path);
    const mode_t type = archive_entry_filetype(entry);
    if (archive_entry_hardlink(entry) != nullptr)
        addLink(path, entry);
    else if (type == AE_IFDIR)
        addDirectory(path, entry);
    else if (type == AE_IFSOCK)
        ++sockets_;
    else
        addOther(path, entry);
}

/// OCI image specification 1.0, layer.md, "Whiteouts". They delete names of lower layers only.
bool TreeIndex::applyWhiteout(std::string_view path)
{
    const std::string_view last = lastPartOf(path);
    if (!last.starts_with(kWhiteout))
        return false;
    const std::string folder(parentOf(path));
    if (last == kOpaque) {
        eraseBelow(folder, true);
        return true;
    }
    if (last.starts_with(".wh..wh.")) // aufs's own metadata
        return true;
    const std::string victim(last.substr(kWhiteout.size()));
    if (victim.empty() || victim == "." || victim == "..")
        refuse(path, "is a whiteout that would delete outside its folder");
    erase(folder.empty() ? victim : folder + "/" + victim, true);
    return true;
}

void TreeIndex::requireParents(std::string_view path)
{
    for (std::size_t slash = path.find('/'); slash != std::string_view::npos;
         slash = path.find('/', slash + 1)) {
        const std::string parent(path.substr(0, slash));
        const auto found = names_.find(parent);
        if (found == names_.end()) {
            Name& made = addName(parent);
            made.directory = true;
            made.content = newContent();
        } else if (!found->second.directory) {
            refuse(path, "lies below '" + printable(parent) + "', which is a link or a file");
        }
    }
}

TreeIndex::Name& TreeIndex::addName(const std::string& path)
{
    Name& name = names_[path];
    if (names_.size() > limits_.entries)
        throw Refusal(ConvertExit::TooLarge,
                      "the archive has more than " + std::to_string(limits_.entries) + " entries");
    return name;
}

void TreeIndex::eraseBelow(const std::string& path, bool lowerOnly)
{
    auto at = path.empty() ? names_.begin() : names_.lower_bound(path + "/");
    const auto end = path.empty() ? names_.end() : names_.lower_bound(beyond(path));
    while (at != end)
        at = !lowerOnly || contents_[at->second.content].layer < layer_ ? names_.erase(at) : std::next(at);
}

void TreeIndex::erase(const std::string& path, bool lowerOnly)
{
    const auto found = names_.find(path);
    if (found == names_.end() || (lowerOnly && contents_[found->second.content].layer >= layer_))
        return;
    eraseBelow(path, lowerOnly);
    const auto below = names_.lower_bound(path + "/");
    const bool kept = below != names_.end() && below->first.starts_with(path + "/");
    if (!kept) // otherwise the upper layer has an entry in a folder of this name
        names_.erase(path);
}

/// OCI 1.0, layer.md: a folder replaces whatever had its name. A link at the top of the tree that leads to a
/// folder (lib -> usr/lib) holds the system together, and the layer's author rarely meant to replace it.
void TreeIndex::checkReplacedLink(const std::string& path)
{
    constexpr std::size_t kMostReplaced = 16;
    const auto found = names_.find(path);
    if (found == names_.end() || !isLowerLink(found->second))
        return;
    const std::string target(parentOf(resolved(path + "/.x")));
    const auto folder = names_.find(target);
    if (!target.empty() && (folder == names_.end() || !folder->second.directory))
        return;
    if (path.find('/') == std::string::npos)
        refuse(path, "is a folder in layer " + std::to_string(layer_ + 1) +
                         ", where it would replace the link to '/" + printable(target) +
                         "'; build the layer without this entry");
    if (replaced_.size() < kMostReplaced)
        replaced_.push_back(path);
}

void TreeIndex::addDirectory(const std::string& path, archive_entry* entry)
{
    checkReplacedLink(path);
    Name& name = addName(path);
    name.directory = true;
    name.content = newContent();
    name.metadata = EntryPtr(archive_entry_clone(entry));
}

void TreeIndex::addLink(const std::string& path, archive_entry* entry)
{
    const std::string target = resolved(cleanPath(archive_entry_hardlink(entry)));
    const auto found = names_.find(target);
    if (found == names_.end() || found->second.directory)
        refuse(path, "is a hard link to '" + printable(target) + "', which is not an earlier file");
    if (target == path)
        refuse(path, "is a hard link to itself");
    const std::uint32_t content = found->second.content;
    eraseBelow(path, false);
    Name& name = addName(path);
    name = Name{};
    name.content = content;
    if (archive_entry_size_is_set(entry) != 0 && archive_entry_size(entry) > 0)
        contents_[content] = {layer_, ordinal_}; // cpio stores the content with the last name
}

void TreeIndex::addOther(const std::string& path, archive_entry* entry)
{
    if (path.empty())
        refuse("/", "is the root of the tree but not a folder");
    const mode_t type = archive_entry_filetype(entry);
    if (type == AE_IFCHR || type == AE_IFBLK)
        checkDevice(path);
    if (type == AE_IFLNK && archive_entry_symlink(entry) == nullptr)
        refuse(path, "is a symlink whose target is not UTF-8");
    if (type == AE_IFREG) {
        if (archive_entry_size_is_set(entry) == 0)
            refuse(path, "has no size; make the archive with another tool");
        declared_ += static_cast<std::uint64_t>(std::max<la_int64_t>(archive_entry_size(entry), 0));
        if (archive_entry_size(entry) < 0 || declared_ > limits_.bytes)
            throw Refusal(ConvertExit::TooLarge,
                          "the archive's files exceed " + std::to_string(limits_.bytes) + " bytes together");
    }
    eraseBelow(path, false);
    Name& name = addName(path);
    name = Name{};
    name.content = newContent();
    if (type == AE_IFLNK)
        targets_[name.content] = archive_entry_symlink(entry);
}

void TreeIndex::finish()
{
    for (const auto& [path, name] : names_)
        requireParents(path); // an opaque whiteout may have deleted the parent of an entry of its own layer
    for (const auto& [path, name] : names_)
        if (!name.directory) {
            const Content& content = contents_[name.content];
            byOrdinal_[std::uint64_t{content.layer} << 32U | content.ordinal].push_back(&path);
        }
}

const std::vector<const std::string*>& TreeIndex::namesOf(std::uint32_t layer, std::uint32_t ordinal) const
{
    static const std::vector<const std::string*> kNone;
    const auto found = byOrdinal_.find(std::uint64_t{layer} << 32U | ordinal);
    return found == byOrdinal_.end() ? kNone : found->second;
}

} // namespace bm::images

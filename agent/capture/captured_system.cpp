#include "agent/capture/captured_system.h"

#include "agent/capture/fstab.h"
#include "agent/capture/generaliser.h"
#include "agent/disk/blkid.h"
#include "agent/files/tree_files.h"
#include "common/model/error.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>
#include <sys/mount.h>
#include <system_error>

namespace bm::agent {

using model::Error;
using model::ErrorCode;

namespace {

/// 'UUID="1-2"' and "UUID=1-2" are the same.
std::string valueOf(const std::string& spec)
{
    std::string value = spec.substr(spec.find('=') + 1);
    std::erase(value, '"');
    return value;
}

/// A bind mount of a folder, for the object's lifetime.
class BindMount {
public:
    BindMount(const std::filesystem::path& folder, std::filesystem::path place) : place_(std::move(place))
    {
        if (::mount(folder.c_str(), place_.c_str(), nullptr, MS_BIND, nullptr) != 0)
            throw Error(ErrorCode::DiskFailed,
                        "mounting at " + place_.string() + ": " + std::generic_category().message(errno));
    }
    ~BindMount() { ::umount2(place_.c_str(), MNT_DETACH); }
    BindMount(const BindMount&) = delete;
    BindMount& operator=(const BindMount&) = delete;

private:
    std::filesystem::path place_;
};

bool isOnDisk(const FstabLine& line)
{
    return line.type == "ext2" || line.type == "ext3" || line.type == "ext4" || line.type == "xfs" ||
           line.type == "btrfs" || line.type == "auto";
}

} // namespace

CapturedSystem::CapturedSystem(const BlockDevice& device, platform::Exec& exec, AgentLog& log,
                               const model::Deadline& deadline)
{
    find(device, exec, deadline);
    const auto isRootVolume = [](const Volume& volume) { return isRootFolder(volume.mounted->root()); };
    const auto roots = std::ranges::count_if(volumes_, isRootVolume);
    if (roots != 1)
        throw Error(ErrorCode::ImageUnsupported,
                    roots == 0 ? "no root file system (ext4, xfs or btrfs) was found on the disk's partitions"
                               : std::to_string(roots) +
                                     " root file systems are on the disk; a tree needs exactly one",
                    "capture the whole disk: --kind disk");
    Volume& root = *std::ranges::find_if(volumes_, isRootVolume);
    root.mount = "/";
    place(TreeFiles(root.mounted->root().string()).read("etc/fstab"));
    std::erase_if(volumes_, [](const Volume& volume) { return volume.mount.empty(); });
    std::ranges::sort(volumes_, {}, &Volume::mount);
    for (const std::string& what : leftOut_)
        log.info(what);
}

void CapturedSystem::find(const BlockDevice& device, platform::Exec& exec, const model::Deadline& deadline)
{
    for (const Extent& partition : partitionsOf(device)) {
        const ByteRange part = bytesOf(partition, device);
        const FileSystem kind = fileSystemAt(device, part);
        if (!isMountable(kind))
            continue;
        Volume volume;
        volume.kind = kind;
        volume.mounted = std::make_unique<Mounted>(device, part, kind, false);
        std::map<std::string, std::string> found = blkid(volume.mounted->loop(), exec, deadline);
        volume.uuid = found["UUID"];
        volume.label = found["LABEL"];
        volumes_.push_back(std::move(volume));
    }
}

CapturedSystem::Volume* CapturedSystem::volumeOf(const std::string& spec)
{
    const std::string value = valueOf(spec);
    const bool uuid = spec.starts_with("UUID=") || spec.starts_with("/dev/disk/by-uuid/");
    const bool label = spec.starts_with("LABEL=") || spec.starts_with("/dev/disk/by-label/");
    const std::string wanted = spec.starts_with("/dev/disk/") ? spec.substr(spec.rfind('/') + 1) : value;
    if ((!uuid && !label) || wanted.empty())
        return nullptr;
    const auto found = std::ranges::find(volumes_, wanted, uuid ? &Volume::uuid : &Volume::label);
    return found == volumes_.end() ? nullptr : &*found;
}

/// Gives each volume of the disk its mount point in the system.
void CapturedSystem::place(const std::string& fstab)
{
    for (const FstabLine& line : parseFstab(fstab)) {
        if (line.type == "swap" && line.spec.starts_with('/') && !line.spec.starts_with("/dev/"))
            swapFiles_.push_back(line.spec.substr(1));
        if (!line.mount.starts_with('/') || line.mount == "/" || !isOnDisk(line))
            continue;
        const std::string mount = std::filesystem::path(line.mount + "/").lexically_normal().parent_path();
        Volume* volume = volumeOf(line.spec);
        if (volume == nullptr || volume->mount == "/")
            leftOut_.push_back("not captured: " + mount + " (" + line.spec +
                               "): no partition of this disk has that UUID or label");
        else if (volume->mount.empty()) // the first of two mount points counts
            volume->mount = mount;
    }
}

const std::filesystem::path& CapturedSystem::root() const
{
    return volumes_.front().mounted->root(); // "/" comes first
}

std::vector<std::string> CapturedSystem::generalise() const
{
    std::vector<std::unique_ptr<BindMount>> bound; // unmounted in any order
    for (const Volume& volume : volumes_) {
        const std::filesystem::path place = root() / volume.mount.substr(1);
        std::error_code ignored;
        if (volume.mount != "/" && isPlainPath(root(), place) &&
            std::filesystem::is_directory(place, ignored))
            bound.push_back(std::make_unique<BindMount>(volume.mounted->root(), place));
    }
    return generaliseTree(root());
}

std::vector<ArchivePart> CapturedSystem::parts() const
{
    std::set<std::string> leftOut(swapFiles_.begin(), swapFiles_.end());
    for (const Volume& volume : volumes_)
        if (volume.mount != "/")
            leftOut.insert(volume.mount.substr(1));
    std::vector<ArchivePart> parts;
    for (const Volume& volume : volumes_)
        parts.push_back({volume.mounted->root(), volume.mount.substr(1), leftOut});
    return parts;
}

} // namespace bm::agent

#include "agent/tree/boot_loader.h"

#include "agent/base/aligned_buffer.h"
#include "agent/disk/block_device.h"
#include "common/model/error.h"
#include "common/platform/files.h"
#include "common/text/bytes.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bm::agent {

using layout::Loader;
using layout::PartitionKind;
using model::Error;
using model::ErrorCode;
using platform::Fd;

namespace {

constexpr const char* kGrub = "/usr/lib/grub";
constexpr auto kModules = std::to_array<const char*>(
    {"part_gpt",   "part_msdos", "ext2",           "xfs",       "btrfs",      "fat",     "lvm",    "mdraid1x",
     "diskfilter", "search",     "search_fs_uuid", "normal",    "configfile", "linux",   "serial", "terminal",
     "echo",       "test",       "gzio",           "all_video", "loadenv",    "minicmd", "ls",     "cat",
     "reboot",     "halt",       "sleep",          "regexp"});

/// "vmlinuz-6.1.0-9" before "vmlinuz-6.1.0-10": numbers by value.
bool olderThan(const std::string& a, const std::string& b)
{
    return ::strverscmp(a.c_str(), b.c_str()) < 0;
}

std::string versionOf(const std::string& kernel)
{
    const std::size_t dash = kernel.find('-');
    return dash == std::string::npos ? std::string() : kernel.substr(dash + 1);
}

std::vector<std::byte> bytesOf(const std::string& file)
{
    const std::string text = platform::readFile(file);
    const auto* begin = reinterpret_cast<const std::byte*>(text.data());
    return {begin, begin + text.size()};
}

void writeAt(const std::string& device, std::uint64_t offset, std::span<const std::byte> bytes)
{
    const Fd fd(::open(device.c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd ||
        ::pwrite(fd.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset)) !=
            static_cast<ssize_t>(bytes.size()) ||
        ::fsync(fd.get()) != 0)
        throw Error(ErrorCode::DiskFailed,
                    fmt::format("writing the boot loader to {}: {}", device, std::strerror(errno)),
                    "replace the disk");
}

/// A temporary copy of a file of the tree, for tools that take a file name.
void copyOut(const TreeFiles& files, const std::string& path, const std::string& target)
{
    const Fd from = files.open(path);
    const Fd to(::open(target.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600));
    std::vector<char> piece(std::size_t{1} << 20U);
    ssize_t count = 0;
    while (to && (count = ::read(from.get(), piece.data(), piece.size())) > 0)
        if (::write(to.get(), piece.data(), static_cast<std::size_t>(count)) != count)
            break;
    if (!to || count != 0)
        throw Error(ErrorCode::AgentFailed, fmt::format("copying /{}: {}", path, std::strerror(errno)));
}

} // namespace

BootLoader::BootLoader(const layout::DiskLayout& layout, const DiskSetup& disks, const std::string& root,
                       platform::Exec& exec, AgentLog& log, const model::Deadline& deadline)
    : layout_(layout), disks_(disks), files_(root), exec_(exec), log_(log), deadline_(deadline)
{}

void BootLoader::run(std::vector<std::string> argv, const char* doing)
{
    const std::string name = argv.front();
    const platform::Exit exit =
        exec_.run({.argv = std::move(argv), .env = {{"MTOOLS_SKIP_CHECK", "1"}}}, deadline_);
    if (exit.code != 0)
        throw Error(ErrorCode::AgentFailed,
                    fmt::format("{}: {} ended with {}: {}", doing, name, exit.code, exit.err),
                    "is the RAM disk of the same version as bmd? build it again");
}

std::size_t BootLoader::indexOf(PartitionKind kind) const
{
    const auto found = std::ranges::find(layout_.partitions, kind, &layout::LayoutPartition::kind);
    return static_cast<std::size_t>(found - layout_.partitions.begin());
}

bool BootLoader::has(PartitionKind kind) const
{
    return indexOf(kind) < layout_.partitions.size();
}

const MadeVolume& BootLoader::volumeAt(const std::string& mount) const
{
    const auto at = [&](const std::string& wanted) {
        return std::ranges::find_if(disks_.volumes(),
                                    [&](const MadeVolume& made) { return made.volume.mount == wanted; });
    };
    const auto found = at(mount);
    return found != disks_.volumes().end() ? *found : *at("/");
}

/// Newest first.
std::vector<BootLoader::Kernel> BootLoader::kernels() const
{
    std::vector<Kernel> out;
    const std::vector<std::string> names = files_.list("boot");
    for (const std::string& name : names) {
        if (!name.starts_with("vmlinuz-") && name != "vmlinuz" && !name.starts_with("Image-"))
            continue;
        Kernel kernel{"boot/" + name, ""};
        const std::string version = versionOf(name);
        for (const std::string& initrd : {"initrd.img-" + version, "initramfs-" + version + ".img",
                                          "initrd-" + version, "initramfs-" + version})
            if (!version.empty() && kernel.initrd.empty() && files_.has("boot/" + initrd))
                kernel.initrd = "boot/" + initrd;
        out.push_back(std::move(kernel));
    }
    std::ranges::sort(out, [](const Kernel& a, const Kernel& b) { return olderThan(b.file, a.file); });
    if (out.empty() && files_.has("vmlinuz"))
        out.push_back({"vmlinuz", files_.has("initrd.img") ? "initrd.img" : ""});
    return out;
}

std::string BootLoader::arguments() const
{
    std::string more = layout_.kernelArguments;
    if (more.empty())
        more = files_.read("etc/kernel/cmdline");
    more = more.substr(0, more.find('\n'));
    const MadeVolume& root = volumeAt("/");
    const bool lvm = root.kind == PartitionKind::Lvm;
    // Debian's initrd activates a volume group only for a root with such a name; grub-mkconfig writes the
    // same name. dracut assembles arrays and groups only with rd.auto.
    return fmt::format("root={} ro{}{}{}", lvm ? root.device : "UUID=" + root.uuid,
                       lvm || layout_.mirror ? " rd.auto=1" : "", more.empty() ? "" : " ", more);
}

void BootLoader::install()
{
    if (layout_.loader == Loader::None) {
        log_.info("the layout has no boot loader");
        return;
    }
    const std::vector<Kernel> found = kernels();
    if (found.empty())
        throw Error(ErrorCode::ImageUnsupported, "the tree has no kernel in /boot: it cannot start a machine",
                    "install one in the tree, or deploy with a layout that says loader: none");
    if (layout_.loader == Loader::Grub) {
        installGrub(found);
        return;
    }
    const platform::TemporaryFolder work("bm-loader");
    installSystemdBoot(found, work.path().string());
}

std::string BootLoader::grubConfig(const std::vector<Kernel>& kernels) const
{
    const bool ownBoot = volumeAt("/boot").volume.mount == "/boot";
    std::string text =
        "# written by bm when this system was deployed; the system's own update-grub may replace it\n"
        "serial --unit=0 --speed=115200\nterminal_output console serial\n"
        "set timeout=1\nset default=0\n";
    for (const Kernel& kernel : kernels) {
        const auto path = [&](const std::string& file) {
            return ownBoot && file.starts_with("boot/") ? file.substr(4) : "/" + file;
        };
        text +=
            fmt::format("menuentry \"{}\" {{\n  linux {} {}\n", kernel.file, path(kernel.file), arguments());
        if (!kernel.initrd.empty())
            text += fmt::format("  initrd {}\n", path(kernel.initrd));
        text += "}\n";
    }
    return text;
}

void BootLoader::installGrub(const std::vector<Kernel>& kernels)
{
    const platform::TemporaryFolder work("bm-loader");
    const MadeVolume& boot = volumeAt("/boot");
    const std::string prefix = boot.volume.mount == "/boot" ? "/grub" : "/boot/grub";
    files_.makeFolders("boot/grub");
    files_.write("boot/grub/grub.cfg", grubConfig(kernels));
    const std::string early = (work.path() / "early.cfg").string();
    platform::writeFileAtomically(early, fmt::format("search.fs_uuid {} root\nset prefix=($root){}\n"
                                                     "configfile $prefix/grub.cfg\n",
                                                     boot.uuid, prefix));
    if (has(PartitionKind::Bios) && disks_.sectorBytes() == 512)
        installBios(makeImage("i386-pc", early, work.path().string()));
    else if (has(PartitionKind::Bios))
        log_.info("sectors of 4096 bytes: no BIOS starts from such a disk, UEFI does");
    if (has(PartitionKind::Esp))
        installUefi(makeImage("x86_64-efi", early, work.path().string()));
}

std::string BootLoader::makeImage(const std::string& platform, const std::string& early,
                                  const std::string& work)
{
    std::string out = fmt::format("{}/{}.img", work, platform);
    std::vector<std::string> argv{
        "grub-mkimage", "-O",  platform, "-d", fmt::format("{}/{}", kGrub, platform), "-p", "/boot/grub",
        "-c",           early, "-o",     out};
    if (platform == "i386-pc")
        argv.emplace_back("biosdisk");
    argv.insert(argv.end(), kModules.begin(), kModules.end());
    run(std::move(argv), "building GRUB");
    return out;
}

/// As grub-bios-setup: stores the first sector of core.img in boot.img, and the position of its rest in
/// core.img.
void BootLoader::installBios(const std::string& core)
{
    constexpr std::size_t kCodeBytes = 440;
    constexpr std::size_t kSector = 512;
    std::vector<std::byte> image = bytesOf(core);
    std::vector<std::byte> master = bytesOf(std::string(kGrub) + "/i386-pc/boot.img");
    const std::size_t index = indexOf(PartitionKind::Bios);
    const std::uint64_t room = layout_.partitions[index].volume.sizeBytes;
    if (image.size() > room)
        throw Error(ErrorCode::AgentFailed,
                    fmt::format("GRUB has {} bytes, its partition {}", image.size(), room));
    master.resize(kCodeBytes);
    const std::uint64_t start = disks_.partitionOffset(index) / kSector;
    text::storeLittleEndian<std::uint64_t>(master, 0x5c, start);
    text::storeLittleEndian<std::uint16_t>(master, 0x66,
                                           0x9090); // use the drive number that the firmware names
    text::storeLittleEndian<std::uint64_t>(image, 0x1f4, start + 1);
    text::storeLittleEndian<std::uint16_t>(
        image, 0x1fc, static_cast<std::uint16_t>((image.size() + kSector - 1) / kSector - 1));
    text::storeLittleEndian<std::uint16_t>(image, 0x1fe, 0x820);
    for (std::size_t disk = 0; disk < disks_.disks(); ++disk) {
        writeAt(disks_.partition(disk, index), 0, image);
        writeAt(disks_.disk(disk).string(), 0, master);
    }
    log_.info("installed GRUB for BIOS");
}

/// Writes files to the ESP by mtools, without the kernel's vfat. All ESPs of mirrored disks get the same
/// files.
void BootLoader::intoEsp(const std::string& file, const std::string& name)
{
    for (std::size_t disk = 0; disk < disks_.disks(); ++disk) {
        const std::string& esp = disks_.partition(disk, indexOf(PartitionKind::Esp));
        for (std::size_t slash = name.find('/'); slash != std::string::npos;
             slash = name.find('/', slash + 1)) {
            const std::string folder = esp + ":" + name.substr(0, slash);
            if (std::ranges::find(espFolders_, folder) != espFolders_.end())
                continue;
            run({"mmd", "-i", esp, "-D", "s", "::/" + name.substr(0, slash)}, "making a folder in the ESP");
            espFolders_.push_back(folder);
        }
        run({"mcopy", "-i", esp, "-D", "o", file, "::/" + name}, "copying into the ESP");
        const Fd fd(::open(esp.c_str(), O_RDONLY | O_CLOEXEC));
        ::fsync(fd.get());
    }
}

void BootLoader::installUefi(const std::string& image)
{
    intoEsp(image, "EFI/BOOT/BOOTX64.EFI"); // UEFI 2.10, 3.5.1.1: the fall-back path of firmware
    log_.info("installed GRUB for UEFI");
}

void BootLoader::installSystemdBoot(const std::vector<Kernel>& kernels, const std::string& work)
{
    if (!has(PartitionKind::Esp))
        throw Error(ErrorCode::InvalidInput, "systemd-boot needs a partition of kind esp",
                    "add {name: esp, kind: esp, size: 512MiB}, or use loader: grub");
    const std::string loader = "usr/lib/systemd/boot/efi/systemd-bootx64.efi";
    if (!files_.has(loader))
        throw Error(ErrorCode::ImageUnsupported, "the tree has no systemd-boot (/" + loader + ")",
                    "install systemd-boot-efi in the tree, or use loader: grub");
    const Kernel& kernel = kernels.front();
    const std::string file = work + "/file";
    copyOut(files_, loader, file);
    intoEsp(file, "EFI/BOOT/BOOTX64.EFI");
    copyOut(files_, kernel.file, file);
    intoEsp(file, "vmlinuz");
    std::string entry = "title Linux\nlinux /vmlinuz\n";
    if (!kernel.initrd.empty()) {
        copyOut(files_, kernel.initrd, file);
        intoEsp(file, "initrd.img");
        entry += "initrd /initrd.img\n";
    }
    platform::writeFileAtomically(file, entry + "options " + arguments() + "\n");
    intoEsp(file, "loader/entries/bm.conf");
    platform::writeFileAtomically(file, "timeout 1\ndefault bm.conf\n");
    intoEsp(file, "loader/loader.conf");
    log_.info("installed systemd-boot");
}

} // namespace bm::agent

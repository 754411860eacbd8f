#include "agent/start/kernel_start.h"

#include "agent/disk/file_systems.h"
#include "agent/disk/gpt.h"
#include "agent/disk/mounted.h"
#include "agent/files/tree_files.h"
#include "common/model/error.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace bm::agent {

using model::Error;
using model::ErrorCode;
using platform::Fd;

namespace {

constexpr auto kGrubConfigs = std::to_array<const char*>(
    {"boot/grub/grub.cfg", "grub/grub.cfg", "boot/grub2/grub.cfg", "grub2/grub.cfg"});
constexpr auto kEntryFolders = std::to_array<const char*>({"boot/loader/entries", "loader/entries"});
constexpr unsigned long kNoInitrd = 0x4; ///< KEXEC_FILE_NO_INITRAMFS of linux/kexec.h

bool isThere(const TreeFiles& files, const std::optional<KernelChoice>& choice)
{
    const auto has = [&](const std::string& path) { return files.has(path.substr(1)); };
    return choice && has(choice->kernel) && std::ranges::all_of(choice->initrds, has);
}

/// Texts of the entries in @p folder, the newest kernel first, without rescue systems.
std::vector<std::string> entriesIn(const TreeFiles& files, const std::string& folder)
{
    std::vector<std::string> names = files.list(folder);
    std::erase_if(names, [](const std::string& name) {
        return !name.ends_with(".conf") || name.find("rescue") != std::string::npos;
    });
    std::ranges::sort(names, [](const std::string& a, const std::string& b) {
        return ::strverscmp(a.c_str(), b.c_str()) > 0;
    });
    std::vector<std::string> texts;
    texts.reserve(names.size());
    for (const std::string& name : names)
        texts.push_back(files.read(fmt::format("{}/{}", folder, name)));
    return texts;
}

std::optional<KernelChoice> kernelBelow(const TreeFiles& files)
{
    for (const char* config : kGrubConfigs)
        if (auto choice = kernelFromGrub(files.read(config)); isThere(files, choice))
            return choice;
    for (const char* folder : kEntryFolders)
        if (auto choice = kernelFromEntries(entriesIn(files, folder)); isThere(files, choice))
            return choice;
    return std::nullopt;
}

/// Joins all of @p paths into one file; the kernel unpacks one archive after the other.
Fd joined(const TreeFiles& files, const std::vector<std::string>& paths)
{
    if (paths.size() == 1)
        return files.open(paths.front().substr(1));
    Fd out(::memfd_create("initrds", MFD_CLOEXEC));
    constexpr std::size_t kPiece = std::size_t{1} << 20U;
    for (const std::string& path : paths) {
        const Fd from = files.open(path.substr(1));
        ssize_t count = 0;
        while (out && (count = ::sendfile(out.get(), from.get(), nullptr, kPiece)) > 0) {
        }
        if (!out || count < 0)
            throw Error(ErrorCode::AgentFailed, fmt::format("reading {}: {}", path, std::strerror(errno)));
    }
    return out;
}

} // namespace

std::optional<KernelChoice>
findKernel(const std::string& disk, AgentLog& log,
           const std::function<void(const KernelChoice&, const std::string&)>& found)
{
    const BlockDevice device(disk, BlockDevice::Access::Read);
    for (const Extent& partition : partitionsOf(device)) {
        const ByteRange part = bytesOf(partition, device);
        const FileSystem kind = fileSystemAt(device, part);
        if (!isMountable(kind) && kind != FileSystem::Fat)
            continue;
        try {
            const Mounted mounted(device, part, kind, true);
            const std::string folder = mounted.root().string();
            std::optional<KernelChoice> choice = kernelBelow(TreeFiles(folder));
            if (!choice)
                continue;
            found(*choice, folder);
            return choice;
        } catch (const Error& error) {
            if (error.code() != ErrorCode::DiskFailed)
                throw;
            log.info(error.message()); // another file system may have the files
        }
    }
    return std::nullopt;
}

void loadKernel(const KernelChoice& choice, const std::string& folder)
{
    const TreeFiles files(folder);
    const Fd kernel = files.open(choice.kernel.substr(1));
    const bool alone = choice.initrds.empty();
    const Fd initrd = alone ? Fd() : joined(files, choice.initrds);
    if (::syscall(SYS_kexec_file_load, kernel.get(), alone ? -1 : initrd.get(), choice.arguments.size() + 1,
                  choice.arguments.c_str(), alone ? kNoInitrd : 0UL) != 0)
        throw Error(ErrorCode::AgentFailed,
                    fmt::format("loading {}: {}", choice.kernel, std::strerror(errno)),
                    "under Secure Boot only kernels that the RAM disk's kernel trusts can be started so");
}

void jump()
{
    ::sync();
    ::reboot(RB_KEXEC);
}

} // namespace bm::agent

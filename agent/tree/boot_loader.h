#pragma once
#include "agent/files/tree_files.h"
#include "agent/tree/disk_setup.h"

namespace bm::agent {

/// Installs the boot loader of the deployed system: GRUB (BIOS and UEFI; the RAM disk's own grub-mkimage
/// builds it, so no program of the tree runs), or the tree's systemd-boot (UEFI; copies its files into the
/// ESP).
/// @param root  the tree's mount point, writable
/// @param bySystem  GRUB's folder on this machine ("/usr/lib/grub")
/// @throws Error ImageUnsupported (no kernel in the tree, no systemd-boot), AgentFailed
class BootLoader {
public:
    BootLoader(const layout::DiskLayout& layout, const DiskSetup& disks, const std::string& root,
               platform::Exec& exec, AgentLog& log, const model::Deadline& deadline);
    void install();

private:
    struct Kernel {
        std::string file;   ///< below the boot folder or root: "boot/vmlinuz-6.1"
        std::string initrd; ///< may be empty
    };
    std::vector<Kernel> kernels() const;
    std::string arguments() const;
    const MadeVolume& volumeAt(const std::string& mount) const;
    void installGrub(const std::vector<Kernel>& kernels);
    std::string grubConfig(const std::vector<Kernel>& kernels) const;
    std::string makeImage(const std::string& platform, const std::string& early, const std::string& work);
    void installBios(const std::string& core);
    void installUefi(const std::string& image);
    void installSystemdBoot(const std::vector<Kernel>& kernels, const std::string& work);
    void intoEsp(const std::string& file, const std::string& name);
    void run(std::vector<std::string> argv, const char* doing);
    bool has(layout::PartitionKind kind) const;
    std::size_t indexOf(layout::PartitionKind kind) const;

    const layout::DiskLayout& layout_;
    const DiskSetup& disks_;
    TreeFiles files_;
    platform::Exec& exec_;
    AgentLog& log_;
    const model::Deadline& deadline_;
    std::vector<std::string> espFolders_;
};

} // namespace bm::agent

#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace bm::images {

/// One entry of a boot menu.
struct BootEntry {
    std::string title;
    std::string kernel;               ///< path in the menu: "/casper/vmlinuz", "vmlinuz"
    std::vector<std::string> initrds; ///< in load order
    std::string arguments;            ///< without arguments that contain the menu's $variables
    bool operator==(const BootEntry&) const = default;
};

struct BootMenu {
    std::vector<BootEntry> entries; ///< entries with kernel and initrd, the default first
    std::vector<std::string> more;  ///< menu files that this one includes
};

/// Parses GRUB's grub.cfg: menuentry, linux, initrd, set default. Bounded; never fails.
BootMenu grubMenu(std::string_view text);
/// Parses isolinux.cfg and syslinux.cfg: default, label, kernel, append, initrd, include. Bounded; never
/// fails.
BootMenu syslinuxMenu(std::string_view text);

} // namespace bm::images

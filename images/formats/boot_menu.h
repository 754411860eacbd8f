#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace bm::images {

/// One way to start, of a boot menu.
struct BootEntry {
    std::string title;
    std::string kernel;               ///< as the menu has it: "/casper/vmlinuz", "vmlinuz"
    std::vector<std::string> initrds; ///< in the order they are loaded
    std::string arguments;            ///< without those whose value only the menu knew ($variables)
    bool operator==(const BootEntry&) const = default;
};

struct BootMenu {
    std::vector<BootEntry> entries; ///< those with kernel and initrd, the default first
    std::vector<std::string> more;  ///< other files that the menu takes in
};

/// GRUB's grub.cfg, as far as a menu goes: menuentry, linux, initrd, set default. Bounded; never fails.
BootMenu grubMenu(std::string_view text);
/// isolinux.cfg and its like: default, label, kernel, append, initrd, include. Bounded; never fails.
BootMenu syslinuxMenu(std::string_view text);

} // namespace bm::images

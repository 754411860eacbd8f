#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bm::agent {

/// The kernel that a boot loader would start. Paths are those of its configuration, from the file system's
/// root.
struct KernelChoice {
    std::string kernel;
    std::vector<std::string> initrds; ///< one after the other
    std::string arguments;
};

/// Parses GRUB's default entry: the entry of "set default=N", else the first entry, else (without a menu) the
/// kernel that GRUB starts directly. If root= is present it omits the words that consist of a variable.
/// @return nothing for an entry with a variable elsewhere
std::optional<KernelChoice> kernelFromGrub(std::string_view config);

/// The kernel of the first usable entry of the Boot Loader Specification ("loader/entries/*.conf").
std::optional<KernelChoice> kernelFromEntries(const std::vector<std::string>& texts);

} // namespace bm::agent

#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bm::agent {

/// What a boot loader would start; paths as its configuration writes them, from the file system's root.
struct KernelChoice {
    std::string kernel;
    std::vector<std::string> initrds; ///< one after the other
    std::string arguments;
};

/// GRUB's default entry, read without running it: "set default=N" by number, else the first entry;
/// without a menu, the kernel that starts without one. Leaves out variables that are a whole word, provided
/// that root= is there; an entry with any other variable gives nothing.
std::optional<KernelChoice> kernelFromGrub(std::string_view config);

/// The kernel of the first usable text among Boot Loader Specification entries ("loader/entries/*.conf").
std::optional<KernelChoice> kernelFromEntries(const std::vector<std::string>& texts);

} // namespace bm::agent

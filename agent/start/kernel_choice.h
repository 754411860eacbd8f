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
/// without a menu, what is started without asking. Variables
/// are not known: one that is a word of its own is left out, provided that root= is there; an entry with
/// another is nothing.
std::optional<KernelChoice> kernelFromGrub(std::string_view config);

/// The first that is one of the texts of Boot Loader Specification entries ("loader/entries/*.conf").
std::optional<KernelChoice> kernelFromEntries(const std::vector<std::string>& texts);

} // namespace bm::agent

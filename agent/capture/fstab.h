#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace bm::agent {

/// A line of /etc/fstab (fstab(5)), its octal escapes undone.
struct FstabLine {
    std::string spec;  ///< "UUID=...", "LABEL=...", "/dev/sda2", "/swapfile"
    std::string mount; ///< "/srv", "none"
    std::string type;
};

/// Skips invalid lines.
std::vector<FstabLine> parseFstab(std::string_view text);

} // namespace bm::agent

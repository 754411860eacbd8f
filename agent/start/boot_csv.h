#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace bm::agent {

/// One line of a BOOT.CSV, with which a system names its loader to shim's fallback program (shim's
/// README.fallback): "shim.efi,opensuse-secureboot,,This is the boot entry", in UTF-16.
struct BootCsvLine {
    std::string loader;      ///< in the file's own folder; ASCII
    bool hasOptions = false; ///< the loader needs arguments, such as a kernel's path
};

/// The lines of a BOOT.CSV in order; UTF-16 of either byte order (little-endian without a mark), or 8 bits a
/// character. Leaves out lines whose loader has a path or characters that no firmware reads. At most 64
/// lines.
std::vector<BootCsvLine> parseBootCsv(std::string_view bytes);

} // namespace bm::agent

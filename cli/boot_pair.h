#pragma once
#include "common/platform/files.h"

#include <filesystem>
#include <string>

namespace bm::cli {

/// A kernel and its initrd packed into one archive (newc) for the way to bmd; gone with this object. The same
/// two files always make the same archive.
class BootPair {
public:
    /// @throws Error NotFound, InvalidInput (an address, a file of 4 GiB or more)
    BootPair(const std::string& kernel, const std::string& initrd);
    std::string archive() const { return file_.string(); }

private:
    platform::TemporaryFolder folder_{"bm-pair"};
    std::filesystem::path file_;
};

} // namespace bm::cli

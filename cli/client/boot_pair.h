#pragma once
#include "common/platform/files.h"
#include "common/platform/http_client.h"

#include <filesystem>
#include <string>

namespace bm::cli {

/// A kernel and its initrd packed into one archive (newc) for the way to bmd; gone with this object. The same
/// two files always make the same archive. Each is a file or an http(s) address, which is fetched here, from
/// the beginning again when it breaks off (three times at most).
class BootPair {
public:
    /// @param fetching  told of what is fetched from an address
    /// @throws Error NotFound, InvalidInput (another kind of address, one that cannot be fetched, over 4
    /// GiB), StoreFull, DeadlineExceeded
    BootPair(const std::string& kernel, const std::string& initrd,
             const platform::TransferProgress& fetching = {});
    std::string archive() const { return file_.string(); }

private:
    platform::TemporaryFolder folder_{"bm-pair"};
    std::filesystem::path file_;
};

} // namespace bm::cli

#pragma once
#include "common/platform/files.h"
#include "common/platform/http_client.h"

#include <filesystem>
#include <string>

namespace bm::cli {

/// A kernel and its initrd packed into one archive (newc) for the upload to bmd. The destructor deletes the
/// archive. The same two files always produce the same archive. Each source is a file or an http(s) URL. A
/// download that breaks off restarts from the first byte, at most three times.
class BootPair {
public:
    /// @param fetching  receives the progress of downloads
    /// @throws Error NotFound; InvalidInput (a URL of another scheme, a failed download, a file over 4 GiB);
    ///   StoreFull; DeadlineExceeded
    BootPair(const std::string& kernel, const std::string& initrd,
             const platform::TransferProgress& fetching = {});
    std::string archive() const { return file_.string(); }

private:
    platform::TemporaryFolder folder_{"bm-pair"};
    std::filesystem::path file_;
};

} // namespace bm::cli

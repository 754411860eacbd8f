#pragma once
#include "common/model/deadline.h"
#include "common/platform/outgoing_policy.h"
#include "images/sources/source_settings.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace bm::images {

/// The store's objects in a bucket that several bmd share, as PREFIX<contentId>.zst and .manifest. The local
/// folder caches recently used ones, up to S3Settings::cacheBytes. PREFIXrefs/<contentId>/<store> is a
/// reference of a store to an object; the last store to drop its reference deletes the object. Thread-safe.
class S3Mirror {
public:
    /// @param reach  of the endpoint
    /// @param objects  folder of the local copies @param incoming  folder for partial files @param storeId
    ///   identifies this store in references
    S3Mirror(S3Settings settings, platform::Reach reach, std::filesystem::path objects,
             std::filesystem::path incoming, std::string storeId);
    ~S3Mirror();
    S3Mirror(const S3Mirror&) = delete;
    S3Mirror& operator=(const S3Mirror&) = delete;

    /// Adds this store's reference and uploads the local copy unless the bucket has it; the manifest last.
    /// @throws Error Unavailable, InvalidInput (keys, endpoint), ImageTooLarge (over 5 GiB stored)
    void put(const std::string& contentId, const model::Deadline& deadline);
    /// True if the local copy exists. Otherwise starts a download on the mirror's thread.
    /// @throws Error the failure of the last download, once
    bool request(const std::string& contentId);
    /// Downloads blocks and manifest to @p blocks and @p manifest. @throws Error NotFound, ImageCorrupt,
    /// Unavailable
    void fetch(const std::string& contentId, const std::filesystem::path& blocks,
               const std::filesystem::path& manifest, const model::Deadline& deadline) const;
    /// Drops this store's reference and deletes the object when it was the last one. Returns at once; the
    /// mirror's thread does the work, unless a local copy exists again by then.
    void release(const std::string& contentId);
    /// Deletes the manifest of a damaged object, so that the next upload of the same bytes replaces it.
    void withdraw(const std::string& contentId, const model::Deadline& deadline);

private:
    void releaseNow(const std::string& contentId, const model::Deadline& deadline);
    void fetchIn(const std::string& contentId, const model::Deadline& deadline);
    void work(const std::stop_token& stop);
    struct Job;
    std::optional<Job> nextJob(const std::stop_token& stop);
    void run(const Job& job, const std::stop_token& stop);
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace bm::images

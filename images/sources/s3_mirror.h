#pragma once
#include "common/model/deadline.h"
#include "images/sources/source_settings.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace bm::images {

/// The store's objects in a bucket, as PREFIX<contentId>.zst and .manifest, which several bmd share; the
/// folder keeps those that were used last, up to S3Settings::cacheBytes. PREFIXrefs/<contentId>/<store> says
/// who needs an object, and the last one to need it removes it. Thread-safe.
class S3Mirror {
public:
    /// @param objects  the folder of the local copies @param incoming  for halves @param storeId  names this
    /// store
    S3Mirror(S3Settings settings, std::filesystem::path objects, std::filesystem::path incoming,
             std::string storeId);
    ~S3Mirror();
    S3Mirror(const S3Mirror&) = delete;
    S3Mirror& operator=(const S3Mirror&) = delete;

    /// Says that this store needs the object and uploads the local copy unless it is there; manifest last.
    /// @throws Error Unavailable, InvalidInput (keys, endpoint), ImageTooLarge (over 5 GiB stored)
    void put(const std::string& contentId, const model::Deadline& deadline);
    /// Whether the local copy is there; else it is fetched on a thread of the mirror's own.
    /// @throws Error why the last fetch failed (once)
    bool request(const std::string& contentId);
    /// Fetches blocks and manifest to @p blocks and @p manifest. @throws Error NotFound, ImageCorrupt,
    /// Unavailable
    void fetch(const std::string& contentId, const std::filesystem::path& blocks,
               const std::filesystem::path& manifest, const model::Deadline& deadline) const;
    /// This store needs it no longer; the objects go when nobody does. Returns at once: done on the mirror's
    /// thread, unless a local copy is there again by then.
    void release(const std::string& contentId);
    /// Damaged: the manifest goes, so that the same bytes are stored anew.
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

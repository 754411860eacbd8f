#pragma once
#include "conductor/core/context.h"
#include "conductor/images/image_intake.h"
#include "conductor/images/image_retention.h"

#include <memory>
#include <string>

namespace bm::conductor {

/// Images by name. Imports and verifications run on a pool of their own (image_jobs.h) and continue after a
/// crash.
class ImageCatalogue {
public:
    explicit ImageCatalogue(Context context);
    ~ImageCatalogue();
    void recover(); ///< before any request can come; see ImageJobs::recover()
    void start();
    void stop();
    /// @throws Error Conflict (name taken by an image that did not fail), InvalidInput
    model::Image add(const NewImage& image, const std::string& actor);
    /// Begins the job of @p image, whose row is stored (Context::startImageJob).
    void startJob(const model::ImageId& image);
    model::Image get(const std::string& nameOrId) const; ///< @throws Error NotFound
    std::vector<model::Image> list() const;
    /// Applies @p change to the fields of an image that operators set. @throws Error NotFound
    model::Image change(const std::string& nameOrId, const std::function<void(model::Image&)>& change);
    /// Reads every byte of the image again and sets its state and verifiedAt. A verification that runs
    /// already is not repeated. @throws Error NotFound, Conflict (not stored yet)
    model::Image verify(const std::string& nameOrId, const std::string& actor);
    /// @throws Error InvalidInput
    PruneResult prune(const RetentionRule& rule, bool dryRun, const std::string& actor);
    /// @throws Error ImageInUse (an unfinished deployment, a tag, a schedule or an open rollout wants it)
    void remove(const std::string& nameOrId, const std::string& actor);
    const images::ImageStore& store() const;
    images::ImageStore& store();

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace bm::conductor

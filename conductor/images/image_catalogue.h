#pragma once
#include "conductor/core/context.h"
#include "conductor/images/image_access.h"
#include "conductor/images/image_intake.h"
#include "conductor/images/image_retention.h"

#include <memory>
#include <string>

namespace bm::conductor {

/// Images by name, tag or id. Requests on behalf of a project find the images that accessTo() gives it;
/// another project's answers NotFound, as an unknown one. Imports and verifications run on a pool of their
/// own (image_jobs.h) and continue after a crash.
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
    /// @throws Error NotFound
    model::Image get(const std::string& nameOrId, const ImageParty& party) const;
    std::vector<model::Image> list(const ImageParty& party) const;
    /// Applies @p change to the fields of an image that users set. @throws Error NotFound, Forbidden (public)
    model::Image change(const std::string& nameOrId, const ImageParty& party,
                        const std::function<void(model::Image&)>& change);
    /// Reads every byte of the image again and sets its state and verifiedAt. A verification that runs
    /// already is not repeated. @throws Error NotFound, Forbidden (public), Conflict (not stored yet)
    model::Image verify(const std::string& nameOrId, const ImageParty& party, const std::string& actor);
    /// @throws Error InvalidInput
    PruneResult prune(const RetentionRule& rule, bool dryRun, const std::string& actor);
    /// @throws Error NotFound, Forbidden (public), ImageInUse (an unfinished deployment, a tag, a schedule or
    /// an open rollout wants it; its name is told to the system only)
    void remove(const std::string& nameOrId, const ImageParty& party, const std::string& actor);
    const images::ImageStore& store() const;
    images::ImageStore& store();

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace bm::conductor

#pragma once
#include "conductor/core/context.h"
#include "db/repositories/image_job_repository.h"

#include <memory>

namespace bm::conductor {

/// Stores @p job as part of @p tx; the pool begins it after the commit.
void storeJob(db::Transaction& tx, const Context& context, const db::ImageJob& job);

/// Imports and verifies images on a pool of its own. Each job is a row before it begins; after kill -9 the
/// next recover() continues it, a download at its byte. Thread-safe.
class ImageJobs {
public:
    explicit ImageJobs(const Context& context);
    ~ImageJobs();
    /// Removes leftovers from the store and queues the unfinished jobs. Call it before the first request: it
    /// would remove the file of a running upload.
    void recover();
    void start();
    void stop(); ///< the next recover() continues the jobs at work
    /// Begins the job of @p image, whose row is stored (Context::startImageJob).
    void enqueue(const model::ImageId& image);

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace bm::conductor

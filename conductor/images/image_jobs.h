#pragma once
#include "conductor/core/context.h"
#include "db/repositories/image_job_repository.h"

#include <memory>

namespace bm::conductor {

/// Stores @p job as part of @p tx; the pool begins it after the commit.
void storeJob(db::Transaction& tx, const Context& context, const db::ImageJob& job);

/// Work on images, on a pool of its own: imports and verifications. Each is a row before it begins; after
/// kill -9 the next recover() takes up what is unfinished, a download at its byte. Thread-safe.
class ImageJobs {
public:
    explicit ImageJobs(const Context& context);
    ~ImageJobs();
    /// Tidies the store up and queues what is unfinished. Before any request can come: an upload on its way
    /// would be taken for what a dead process left.
    void recover();
    void start();
    void stop(); ///< what is at work goes on after the next recover()
    /// Begins the job of @p image, whose row is stored (Context::startImageJob).
    void enqueue(const model::ImageId& image);

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace bm::conductor

#pragma once
#include "conductor/core/context.h"
#include "db/repositories/image_job_repository.h"

#include <memory>

namespace bm::conductor {

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
    /// Has @p image, whose job row is committed, worked on.
    void enqueue(const model::ImageId& image);

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace bm::conductor

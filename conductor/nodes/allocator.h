#pragma once
#include "conductor/core/context.h"

#include <memory>
#include <stop_token>

namespace bm::conductor {

/// Decides the allocations in the state "allocating", the oldest first, each in a unit of its own. They are
/// rows, so the next start decides those that bmd left.
class Allocator {
public:
    explicit Allocator(Context context);
    ~Allocator();
    /// Without the thread: decides all, in this thread. @return true if there was one
    bool runOnce(const std::stop_token& stop = {});
    void start();
    void stop();
    void wake();

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace bm::conductor

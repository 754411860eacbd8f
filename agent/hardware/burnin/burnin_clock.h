#pragma once
#include "agent/base/step_progress.h"
#include "common/model/error.h"

#include <atomic>
#include <chrono>
#include <fmt/format.h>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

namespace bm::agent {

/// The end of a burn-in of several threads: after its time, at a stop request, or when one thread finds a
/// fault. Thread-safe.
class BurnInClock {
public:
    BurnInClock(std::chrono::milliseconds span, std::stop_token stop) : span_(span), stop_(std::move(stop)) {}

    bool over() const { return failed_ || stop_.stop_requested() || elapsed() >= span_; }
    double seconds() const { return std::chrono::duration<double>(elapsed()).count(); }
    /// Keeps the first error and ends all threads.
    void fail(const model::Error& error)
    {
        const std::scoped_lock lock(mutex_);
        if (!failure_)
            failure_ = error;
        failed_ = true;
    }
    /// @throws the first error, or Error Aborted
    void finish() const
    {
        if (failure_)
            throw model::Error(*failure_);
        if (stop_.stop_requested())
            throw model::Error(model::ErrorCode::Aborted, "stopped");
    }
    /// "burning in the memory, 12 of 600 s"
    void reportProgress(StepProgress& progress, std::string_view what) const
    {
        progress.message(fmt::format("burning in {}, {:.0f} of {} s", what, seconds(),
                                     std::chrono::duration_cast<std::chrono::seconds>(span_).count()));
    }

private:
    std::chrono::steady_clock::duration elapsed() const { return std::chrono::steady_clock::now() - begin_; }

    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
    std::chrono::milliseconds span_;
    std::stop_token stop_;
    std::atomic<bool> failed_{false};
    std::mutex mutex_;
    std::optional<model::Error> failure_{};
};

} // namespace bm::agent

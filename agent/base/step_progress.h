#pragma once
#include "common/platform/guarded.h"

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace bm::agent {

/// The progress of a step. The step's threads write it; the thread that talks to bmd reads it. Thread-safe.
class StepProgress {
public:
    void total(std::uint64_t bytes) { total_ = bytes; }
    void add(std::uint64_t bytes) { done_ += bytes; }
    void message(std::string_view text) { *message_.lock() = text; }
    std::uint64_t bytesDone() const { return done_; }
    std::uint64_t bytesTotal() const { return total_; }
    std::string message() { return *message_.lock(); }

private:
    std::atomic<std::uint64_t> done_{0};
    std::atomic<std::uint64_t> total_{0};
    platform::Guarded<std::string> message_;
};

} // namespace bm::agent

#pragma once
#include "agent/base/step_progress.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>

namespace bm::agent {

struct CpuBurnIn {
    std::chrono::milliseconds span{};
    unsigned cpus = 0; ///< 0: all CPUs of this process
    /// For tests: changes a CPU's result before the comparison.
    std::function<void(std::uint64_t&)> tamper{};
};

struct CpuBurnInOutcome {
    unsigned cpus = 0;
    std::uint64_t rounds = 0; ///< by all CPUs
    double seconds = 0;
};

/// Runs one bound thread per CPU. Each thread repeats SHA-256, XXH3, integer and floating-point chains and
/// compares them with the right results.
/// @throws Error AgentFailed (naming CPU and computation), Aborted
CpuBurnInOutcome burnInCpus(const CpuBurnIn& order, StepProgress& progress, const std::stop_token& stop);

} // namespace bm::agent

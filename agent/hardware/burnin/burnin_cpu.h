#pragma once
#include "agent/base/step_progress.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>

namespace bm::agent {

struct CpuBurnIn {
    std::chrono::milliseconds span{};
    unsigned cpus = 0; ///< 0: all that this process may run on
    /// Tests: changes what a CPU worked out before it is compared.
    std::function<void(std::uint64_t&)> tamper{};
};

struct CpuBurnInOutcome {
    unsigned cpus = 0;
    std::uint64_t rounds = 0; ///< of all CPUs
    double seconds = 0;
};

/// Keeps each CPU busy with a thread bound to it that works out SHA-256, XXH3, integer and floating-point
/// chains over and over, and compares them with the right results.
/// @throws Error AgentFailed (which CPU, what), Aborted
CpuBurnInOutcome burnInCpus(const CpuBurnIn& order, StepProgress& progress, const std::stop_token& stop);

} // namespace bm::agent

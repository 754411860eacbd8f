#pragma once
#include "agent/base/step_progress.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>

namespace bm::agent {

struct MemoryBurnIn {
    std::chrono::milliseconds span{};
    std::uint64_t bytes = 0; ///< to be tested at most; see memoryToTest()
    /// Memory that stays free for the RAM disk in any case.
    std::uint64_t keepFreeBytes = std::uint64_t{256} << 20U;
    /// Tests: changes the written bytes before they are read back.
    std::function<void(std::span<std::byte>)> tamper{};
};

struct MemoryBurnInOutcome {
    std::uint64_t bytesTested = 0; ///< how much memory
    std::uint64_t passes = 0;      ///< whole ones: each pattern written and read back once is one
    std::uint64_t bytesWritten = 0;
    std::uint64_t bytesRead = 0;
    double seconds = 0;
};

/// @p percent of the available memory, less the RAM disk's share. 0: too little memory.
std::uint64_t memoryToTest(unsigned percent, std::uint64_t keepFreeBytes);

/// Writes patterns (zeros, ones, both chequers, each word's own place, random) over memory with a thread per
/// CPU and reads them back, until the time is up. Takes the memory piece by piece and stops taking when too
/// little stays free.
/// @throws Error AgentFailed (where, also the physical address where the kernel tells it, and what), Aborted
MemoryBurnInOutcome burnInMemory(const MemoryBurnIn& order, StepProgress& progress,
                                 const std::stop_token& stop);

} // namespace bm::agent

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
    std::uint64_t bytes = 0; ///< most bytes to test; see memoryToTest()
    /// Memory that always remains free for the RAM disk.
    std::uint64_t keepFreeBytes = std::uint64_t{256} << 20U;
    /// For tests: changes the written bytes before they are read back.
    std::function<void(std::span<std::byte>)> tamper{};
};

struct MemoryBurnInOutcome {
    std::uint64_t bytesTested = 0; ///< how much memory
    std::uint64_t passes = 0;      ///< complete passes; one pass writes and reads back each pattern once
    std::uint64_t bytesWritten = 0;
    std::uint64_t bytesRead = 0;
    double seconds = 0;
};

/// @p percent of the available memory, less the RAM disk's share; 0 when there is too little.
std::uint64_t memoryToTest(unsigned percent, std::uint64_t keepFreeBytes);

/// Writes patterns (zeros, ones, both chequers, each word's address, random) to memory with a thread per CPU
/// and reads them back, until the end of the time. Allocates the memory in pieces and stops when too little
/// remains free.
/// @throws Error AgentFailed (the address, also the physical one if the kernel shows it, and the wrong
/// bytes), Aborted
MemoryBurnInOutcome burnInMemory(const MemoryBurnIn& order, StepProgress& progress,
                                 const std::stop_token& stop);

} // namespace bm::agent

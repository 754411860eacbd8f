#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace bm::images {

/// What a child that touches foreign bytes may still do.
struct Confinement {
    std::vector<std::string> readPaths;  ///< files that it may read, beside programs and their libraries
    std::vector<std::string> writePaths; ///< files that it may write; they exist already
    std::uint64_t memoryBytes = 0;       ///< address space; 0: not limited
    std::uint64_t cpuSeconds = 0;        ///< 0: not limited
    std::uint64_t fileBytes = 0;         ///< longest file that it may make
};

/// Confines this process and what it will execute, for good: limits, no new privileges, no capabilities,
/// namespaces without a network, no sockets (seccomp), only the named files (Landlock). Single-threaded
/// processes only. Namespaces and Landlock are left out where the kernel has or grants none; the rest is not
/// negotiable.
/// @return "" or what could not be done
std::string confine(const Confinement& confinement);

} // namespace bm::images

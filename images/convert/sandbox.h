#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace bm::images {

/// The remaining rights of a child that reads foreign bytes.
struct Confinement {
    std::vector<std::string> readPaths;  ///< files that it may read, besides programs and their libraries
    std::vector<std::string> writePaths; ///< existing files that it may write
    std::uint64_t memoryBytes = 0;       ///< address space; 0: unlimited
    std::uint64_t cpuSeconds = 0;        ///< 0: unlimited
    std::uint64_t fileBytes = 0;         ///< largest file that it may create
};

/// Confines this process and its children permanently: resource limits, no new privileges, no capabilities,
/// namespaces without a network, no sockets (seccomp), only the named files (Landlock). The process must be
/// single-threaded. Namespaces and Landlock are optional, since kernels may lack or deny them; everything
/// else is mandatory.
/// @return "" or the measure that failed
std::string confine(const Confinement& confinement);

} // namespace bm::images

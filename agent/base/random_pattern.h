#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace bm::agent {

/// Pseudo-random bytes that can be generated again for a comparison: each piece follows from a seed and its
/// number (xoshiro256** seeded by splitmix64; some GB/s on a core). No cryptography. Thread-safe.
class RandomPattern {
public:
    RandomPattern(); ///< a seed from the kernel
    explicit RandomPattern(std::uint64_t seed) : seed_(seed) {}
    /// @param bytes  a multiple of 8 long, aligned to 8
    void fill(std::span<std::byte> bytes, std::uint64_t piece) const;
    std::uint64_t seed() const { return seed_; }

private:
    std::uint64_t seed_;
};

} // namespace bm::agent

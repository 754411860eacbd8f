#include "agent/base/random_pattern.h"

#include <array>
#include <bit>
#include <cstring>
#include <random>

namespace bm::agent {
namespace {

std::uint64_t splitMix(std::uint64_t& state)
{
    std::uint64_t z = (state += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
}

std::uint64_t seedFromKernel()
{
    std::random_device device;
    return (std::uint64_t{device()} << 32U) | device();
}

} // namespace

RandomPattern::RandomPattern() : seed_(seedFromKernel()) {}

void RandomPattern::fill(std::span<std::byte> bytes, std::uint64_t piece) const
{
    std::uint64_t mixed = seed_ ^ (piece * 0xd1342543de82ef95U);
    std::array<std::uint64_t, 4> s{};
    for (std::uint64_t& word : s)
        word = splitMix(mixed);
    for (std::size_t at = 0; at + sizeof(std::uint64_t) <= bytes.size(); at += sizeof(std::uint64_t)) {
        const std::uint64_t value = std::rotl(s[1] * 5, 7) * 9;
        const std::uint64_t shifted = s[1] << 17U;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= shifted;
        s[3] = std::rotl(s[3], 45);
        std::memcpy(bytes.data() + at, &value, sizeof value);
    }
}

} // namespace bm::agent

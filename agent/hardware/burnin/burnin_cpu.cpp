#include "agent/hardware/burnin/burnin_cpu.h"

#include "agent/base/random_pattern.h"
#include "agent/hardware/burnin/burnin_clock.h"
#include "common/platform/secrets.h"
#include "common/text/text.h"

#include <algorithm>
#include <array>
#include <bit>
#include <fmt/format.h>
#include <pthread.h>
#include <sched.h>
#include <string_view>
#include <thread>
#include <vector>
#include <xxhash.h>

namespace bm::agent {

using model::Error;
using model::ErrorCode;

namespace {

constexpr std::size_t kBytes = std::size_t{256} << 10U; ///< fits into a core's second-level cache
constexpr std::uint64_t kSeed = 0x626d2d6275726e69U;

using Buffer = std::vector<std::byte>;

std::uint64_t sha256Part(const Buffer& buffer)
{
    const std::string hex = platform::sha256Hex(
        {static_cast<const char*>(static_cast<const void*>(buffer.data())), buffer.size()});
    return *text::parseNumber<std::uint64_t>(std::string_view(hex).substr(0, 16), 16);
}

std::uint64_t xxh3Part(const Buffer& buffer)
{
    return XXH3_64bits(buffer.data(), buffer.size());
}

/// Multiplications, divisions and shifts, each on the previous result.
std::uint64_t integerChain(const Buffer& buffer)
{
    std::uint64_t value = kSeed;
    for (std::size_t i = 0; i < buffer.size(); ++i) {
        value = value * 0x9e3779b97f4a7c15U + std::to_integer<std::uint64_t>(buffer[i]);
        value ^= std::rotl(value, 23) / ((value & 0xffU) + 3);
    }
    return value;
}

/// The logistic map in its chaotic range: one wrong bit changes all later values. Plain IEEE 754.
std::uint64_t floatingPointChain(const Buffer& buffer)
{
    std::array<double, 4> x = {0.1, 0.3, 0.6, 0.8};
    for (std::size_t i = 0; i < buffer.size() / 4; ++i)
        for (double& value : x)
            value = 3.99 * value * (1.0 - value);
    std::uint64_t out = 0;
    for (const double value : x)
        out = std::rotl(out, 13) ^ std::bit_cast<std::uint64_t>(value);
    return out;
}

struct Work {
    std::string_view name;
    std::uint64_t (*run)(const Buffer&);
    std::uint64_t expected; ///< the expected result, computed on another machine
};
constexpr std::array kWork = {Work{"SHA-256", sha256Part, 0xd4c8e44f449af80fU},
                              Work{"XXH3", xxh3Part, 0xfacd52ec60315a2fU},
                              Work{"integer arithmetic", integerChain, 0xb2f548d4d1405f3bU},
                              Work{"floating-point arithmetic", floatingPointChain, 0x504bad7649d0168bU}};

std::vector<int> allowedCpus(unsigned most)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    std::vector<int> out;
    if (::sched_getaffinity(0, sizeof set, &set) == 0)
        for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
            if (CPU_ISSET(static_cast<std::size_t>(cpu), &set) && (most == 0 || out.size() < most))
                out.push_back(cpu);
    return out;
}

void bindTo(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<std::size_t>(cpu), &set);
    ::pthread_setaffinity_np(::pthread_self(), sizeof set,
                             &set); // may fail
}

std::uint64_t burn(int cpu, const CpuBurnIn& order, BurnInClock& clock)
{
    bindTo(cpu);
    Buffer buffer(kBytes);
    RandomPattern(kSeed).fill(buffer, 0);
    std::uint64_t rounds = 0;
    while (!clock.over()) {
        for (const Work& work : kWork) {
            std::uint64_t found = work.run(buffer);
            if (order.tamper)
                order.tamper(found);
            if (found == work.expected)
                continue;
            clock.fail(
                Error(ErrorCode::AgentFailed,
                      fmt::format("CPU {} miscomputes: {} gave {:#018x} instead of {:#018x} in round {}", cpu,
                                  work.name, found, work.expected, rounds),
                      "replace the CPU, or check its cooling and voltage"));
            return rounds;
        }
        ++rounds;
    }
    return rounds;
}

} // namespace

CpuBurnInOutcome burnInCpus(const CpuBurnIn& order, StepProgress& progress, const std::stop_token& stop)
{
    const std::vector<int> cpus = allowedCpus(order.cpus);
    BurnInClock clock(order.span, stop);
    std::atomic<std::uint64_t> rounds{0};
    {
        std::vector<std::jthread> threads;
        threads.reserve(cpus.size());
        for (const int cpu : cpus)
            threads.emplace_back([&, cpu] { rounds += burn(cpu, order, clock); });
        while (!clock.over()) {
            clock.reportProgress(progress, fmt::format("{} CPUs", cpus.size()));
            std::this_thread::sleep_for(std::chrono::milliseconds{100});
        }
    }
    clock.finish();
    return {static_cast<unsigned>(cpus.size()), rounds, clock.seconds()};
}

} // namespace bm::agent

#pragma once
#include <cstddef>
#include <span>
#include <string_view>

namespace bm::fuzz {

/// One parser of outside bytes. It takes anything, and may only refuse with model::Error.
struct Target {
    std::string_view name; ///< also the folder of its corpus: tests/fuzz/corpus/NAME
    void (*run)(std::span<const std::byte> bytes);
};

std::span<const Target> targets();
/// nullptr where there is none of this name
const Target* findTarget(std::string_view name);

} // namespace bm::fuzz

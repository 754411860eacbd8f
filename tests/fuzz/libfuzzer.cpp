// A target as libFuzzer wants it; BM_FUZZ_TARGET is its name.
#include "tests/fuzz/targets.h"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count)
{
    static const bm::fuzz::Target* const target = bm::fuzz::findTarget(BM_FUZZ_TARGET);
    target->run(std::as_bytes(std::span(bytes, count)));
    return 0;
}

// All targets as one libFuzzer program: fuzz --target=NAME, then libFuzzer's options and corpora; fuzz
// --list.
#include "tests/fuzz/targets.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

const bm::fuzz::Target* chosen = nullptr;

} // namespace

/// libFuzzer passes over options that begin with two dashes.
extern "C" int LLVMFuzzerInitialize(int* count, char*** words)
{
    constexpr std::string_view kOption = "--target=";
    for (int i = 1; i < *count; ++i) {
        const std::string_view word = (*words)[i];
        if (word.starts_with(kOption))
            chosen = bm::fuzz::findTarget(word.substr(kOption.size()));
        if (word == "--list") {
            for (const bm::fuzz::Target& target : bm::fuzz::targets())
                std::printf("%.*s\n", static_cast<int>(target.name.size()), target.name.data());
            std::exit(0);
        }
    }
    if (chosen == nullptr) {
        std::fputs("usage: fuzz --target=NAME [OPTIONS] [CORPUS...]; fuzz --list\n", stderr);
        std::exit(2);
    }
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count)
{
    chosen->run(std::as_bytes(std::span(bytes, count)));
    return 0;
}

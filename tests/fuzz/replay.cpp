// Runs every file of every corpus through its target, in the ordinary build: what a fuzzer once found stays
// found. usage: fuzz_replay CORPUS_FOLDER
#include "common/platform/files.h"
#include "tests/fuzz/targets.h"

#include <cstdio>
#include <filesystem>

int main(int count, char** words)
{
    if (count != 2)
        return 2;
    int bad = 0;
    for (const bm::fuzz::Target& target : bm::fuzz::targets()) {
        int files = 0;
        const std::filesystem::path folder = std::filesystem::path(words[1]) / target.name;
        for (const auto& entry : std::filesystem::directory_iterator(folder)) {
            const std::string bytes = bm::platform::readFile(entry.path());
            target.run(std::as_bytes(std::span(bytes)));
            ++files;
        }
        std::printf("%s: %d files\n", std::string(target.name).c_str(), files);
        bad += files == 0 ? 1 : 0;
    }
    return bad == 0 ? 0 : 1;
}

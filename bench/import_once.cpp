// One import into a fresh store, timed: import_once STORE-FOLDER IMAGE [THREADS]. Used by bench/import.
#include "common/model/error.h"
#include "common/platform/exec.h"
#include "images/store/image_store.h"

#include <chrono>
#include <cstdlib>
#include <exception>
#include <fmt/format.h>

int main(int count, char** words)
{
    if (count < 3) {
        fmt::print(stderr, "usage: import_once STORE-FOLDER IMAGE [THREADS]\n");
        return 64;
    }
    try {
        bm::images::StoreSettings settings;
        settings.folder = words[1];
        settings.reserveBytes = 0;
        settings.compressionThreads = count > 3 ? std::atoi(words[3]) : 0;
        const std::unique_ptr<bm::platform::Exec> exec = bm::platform::makeExec();
        bm::images::ImageStore store(settings, *exec);
        const std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now();
        const bm::images::StoredImage stored = store.import({.file = words[2], .expectedChecksum = {}}, {},
                                                            bm::model::Deadline::in(std::chrono::hours{1}));
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
        fmt::print("{:.3f} {} {} {}\n", took.count(), stored.sizeBytes, stored.storedBytes,
                   stored.sourceFormat);
        return 0;
    } catch (const std::exception& error) {
        fmt::print(stderr, "import_once: {}\n", error.what());
        return 1;
    }
}

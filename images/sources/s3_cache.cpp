#include "images/sources/s3_cache.h"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <vector>

namespace bm::images {
namespace {

using Time = std::filesystem::file_time_type;
constexpr std::chrono::minutes kInUse{10};
constexpr std::chrono::seconds kTouchEvery{30};

struct Copy {
    Time usedAt;
    std::filesystem::path manifest;
    std::uint64_t bytes = 0;
};

std::filesystem::path blocksOf(std::filesystem::path manifest)
{
    return manifest.replace_extension(".zst");
}

} // namespace

void S3Cache::touch(const std::string& contentId) const
{
    std::error_code ignored;
    const std::filesystem::path manifest = objects_ / (contentId + ".manifest");
    const Time now = Time::clock::now();
    if (now - std::filesystem::last_write_time(manifest, ignored) > kTouchEvery)
        std::filesystem::last_write_time(manifest, now, ignored);
}

void S3Cache::shrink(std::uint64_t limitBytes, const std::function<bool(const std::string&)>& mayGo) const
{
    std::error_code ignored;
    std::vector<Copy> copies;
    std::uint64_t total = 0;
    for (const auto& entry : std::filesystem::directory_iterator(objects_)) {
        if (entry.path().extension() != ".manifest")
            continue;
        copies.push_back({entry.last_write_time(ignored), entry.path(),
                          std::filesystem::file_size(blocksOf(entry.path()), ignored)});
        total += copies.back().bytes;
    }
    std::ranges::sort(copies, {}, &Copy::usedAt);
    const Time now = Time::clock::now();
    for (const Copy& copy : copies) {
        if (total <= limitBytes || now - copy.usedAt < kInUse)
            return;
        if (!mayGo(copy.manifest.stem().string()))
            continue;
        std::filesystem::remove(copy.manifest,
                                ignored); // the manifest first: without it the store ignores the rest
        std::filesystem::remove(blocksOf(copy.manifest), ignored);
        total -= copy.bytes;
    }
}

} // namespace bm::images

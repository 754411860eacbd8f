#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace bm::images {

/// The local copies of objects that are in a bucket: which were used last, and which go when they are too
/// many. Its memory is the time stamps of the manifests. Thread-safe.
class S3Cache {
public:
    explicit S3Cache(std::filesystem::path objects) : objects_(std::move(objects)) {}
    void touch(const std::string& contentId) const;
    /// Removes the copies that were not used for longest until @p limitBytes are kept; not one that was used
    /// in the last ten minutes, nor one that @p mayGo (given its content id) says is nowhere else. Who is
    /// reading a file keeps it open.
    void shrink(std::uint64_t limitBytes, const std::function<bool(const std::string&)>& mayGo) const;

private:
    std::filesystem::path objects_;
};

} // namespace bm::images

#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace bm::images {

/// The local copies of objects in a bucket. The time stamps of the manifests record the last use of each
/// copy. Thread-safe.
class S3Cache {
public:
    explicit S3Cache(std::filesystem::path objects) : objects_(std::move(objects)) {}
    void touch(const std::string& contentId) const;
    /// Deletes the least recently used copies until at most @p limitBytes remain. Keeps copies used in the
    /// last ten minutes, and copies for which @p mayGo (called with the content id) returns false. A reader
    /// keeps its file open and is not disturbed.
    void shrink(std::uint64_t limitBytes, const std::function<bool(const std::string&)>& mayGo) const;

private:
    std::filesystem::path objects_;
};

} // namespace bm::images

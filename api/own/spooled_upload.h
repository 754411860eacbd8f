#pragma once
#include "common/http/request.h"
#include "images/store/image_store.h"

#include <cstdint>
#include <filesystem>

namespace bm::api {

/// An upload in a file in the store's incoming folder. The destructor removes the file unless handOver() was
/// called.
class SpooledUpload {
public:
    explicit SpooledUpload(const images::ImageStore& store);
    ~SpooledUpload();
    SpooledUpload(const SpooledUpload&) = delete;
    SpooledUpload& operator=(const SpooledUpload&) = delete;

    /// Receives the whole body. @throws Error TooLarge (over @p limitBytes), StoreFull, InvalidInput
    /// (truncated, empty)
    void receive(http::Request& request, std::uint64_t limitBytes);
    const std::filesystem::path& file() const { return file_; }
    /// The caller removes the file from now on.
    void handOver() { ours_ = false; }

private:
    const images::ImageStore& store_;
    std::filesystem::path file_;
    bool ours_ = true;
};

} // namespace bm::api

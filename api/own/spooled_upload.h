#pragma once
#include "common/http/request.h"
#include "images/store/image_store.h"

#include <cstdint>
#include <filesystem>

namespace bm::api {

/// An upload's bytes as a file in the store's incoming folder; removed at the end unless handed over.
class SpooledUpload {
public:
    explicit SpooledUpload(const images::ImageStore& store);
    ~SpooledUpload();
    SpooledUpload(const SpooledUpload&) = delete;
    SpooledUpload& operator=(const SpooledUpload&) = delete;

    /// Takes the whole body. @throws Error TooLarge (over @p limitBytes), StoreFull, InvalidInput (cut off,
    /// empty)
    void receive(http::Request& request, std::uint64_t limitBytes);
    const std::filesystem::path& file() const { return file_; }
    /// Somebody else removes the file from now on.
    void handOver() { ours_ = false; }

private:
    const images::ImageStore& store_;
    std::filesystem::path file_;
    bool ours_ = true;
};

} // namespace bm::api

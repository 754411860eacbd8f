#pragma once
#include "common/model/image.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace bm::images {

/// The source of an import and the operator's statements about it.
struct ImportRequest {
    std::filesystem::path file;             ///< a local file (an upload is first written to incoming/)
    std::string expectedChecksum{};         ///< "", "sha256:<hex>" or "sha512:<hex>" of the source file
    std::optional<model::ImageKind> kind{}; ///< empty: detected from the content
};

struct ImportProgress {
    std::uint64_t sourceBytes = 0;
    std::uint64_t sourceTotal = 0;
    std::string phase; ///< "inspecting", "converting", "compressing", "syncing"
};

/// The result of an import; part of model::Image.
struct StoredImage {
    std::string contentId;
    std::string manifestSha256;
    model::ImageKind kind = model::ImageKind::Disk;
    model::JsonText description{}; ///< as model::Image::description
    std::string sourceFormat;      ///< "raw", "qcow2", "raw+gz", "qcow2+xz" ...
    std::uint64_t sizeBytes = 0;
    std::uint64_t storedBytes = 0;
    std::uint64_t dataBytes = 0;
    std::shared_ptr<const void> hold{}; ///< collect() keeps the objects while this exists
};

} // namespace bm::images

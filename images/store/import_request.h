#pragma once
#include "common/model/image.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace bm::images {

/// What came in.
struct ImportRequest {
    std::filesystem::path file;     ///< the source as a local file (an upload is spooled to incoming/ first)
    std::string expectedChecksum{}; ///< "", "sha256:<hex>" or "sha512:<hex>" of the source's bytes as given
    std::optional<model::ImageKind> kind{}; ///< nothing: the content tells
};

struct ImportProgress {
    std::uint64_t sourceBytes = 0;
    std::uint64_t sourceTotal = 0;
    std::string phase; ///< "inspecting", "converting", "compressing", "syncing"
};

/// What an import made; goes into model::Image.
struct StoredImage {
    std::string contentId;
    std::string manifestSha256;
    model::ImageKind kind = model::ImageKind::Disk;
    model::JsonText description{}; ///< of a tree or RAM disk, as model::Image::description
    std::string sourceFormat;      ///< "raw", "qcow2", "raw+gz", "qcow2+xz" ...
    std::uint64_t sizeBytes = 0;
    std::uint64_t storedBytes = 0;
    std::uint64_t dataBytes = 0;
    std::shared_ptr<const void> hold{}; ///< while it lives, collect() leaves the objects alone
};

} // namespace bm::images

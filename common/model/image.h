#pragma once
#include "common/model/clock.h"
#include "common/model/ids.h"
#include "common/text/json_text.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bm::model {

/// Broken: a look at every byte (bm image verify) found damage; it is not deployed.
enum class ImageState : std::uint8_t { Importing, Ready, Failed, Deleting, Broken };
std::string_view toText(ImageState state) noexcept;
std::optional<ImageState> imageStateFromText(std::string_view text) noexcept;

/// A disk image is written block by block; a tree is a root file system, laid onto partitions ("copy files");
/// a RAM disk is a kernel and its initrd, which the machine boots and stays in.
enum class ImageKind : std::uint8_t { Disk, Tree, Ramdisk };
std::string_view toText(ImageKind kind) noexcept;
std::optional<ImageKind> imageKindFromText(std::string_view text) noexcept;

/// What an image, and each part of a tag, may be called: letters, digits and - . _ , 1 to 128 of them, not
/// starting with a dot or hyphen and not like a UUID.
bool isImageName(std::string_view name) noexcept;

/// An image of the catalogue. Its bytes are the store's, under contentId; two images may share them.
struct Image {
    ImageId id;
    std::string name; ///< unique; what operators type
    ImageState state = ImageState::Importing;
    ImageKind kind = ImageKind::Disk;
    std::string contentId;       ///< lower-case hex: SHA-256 over the sizes and block hashes; "" until ready
    std::uint64_t sizeBytes = 0; ///< raw size, as on the disk; of a tree: of its archive
    std::uint64_t storedBytes = 0; ///< size of the .zst file
    std::uint64_t dataBytes = 0;   ///< raw bytes that are not in holes
    std::string sourceFormat;      ///< "raw", "qcow2", "qcow2+gz", "tar", "oci"...: what was given
    std::string source;            ///< file name or URL without credentials
    std::string manifestSha256;    ///< authenticates the manifest
    std::string architecture;      ///< "x86_64"; "": not said, so nothing is compared
    std::string bootMode;          ///< "bios", "uefi"; "": boots in both, or not said
    JsonText description{}; ///< of a tree: entries, content_bytes, kernels, layout ... (docs/trees.md); of
                            ///< a RAM disk: kernel, initrd, kernel_arguments (docs/ramdisk-deployments.md)
    std::uint64_t progressBytes = 0;      ///< of the source, while importing
    std::uint64_t progressTotalBytes = 0; ///< 0: not known
    std::string errorCode;                ///< kebab-case; "" unless failed or broken
    std::string errorMessage;
    std::string errorHint;
    JsonText labels{};                 ///< {"os": "debian"}: what operators select by
    std::optional<UtcTime> verifiedAt; ///< when every byte of it was last looked at
    UtcTime createdAt{};
    UtcTime updatedAt{};
};

} // namespace bm::model

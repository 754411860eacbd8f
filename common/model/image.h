#pragma once
#include "common/model/clock.h"
#include "common/model/ids.h"
#include "common/text/json_text.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bm::model {

/// Broken: bm image verify found damage; bm does not deploy the image.
enum class ImageState : std::uint8_t { Importing, Ready, Failed, Deleting, Broken };
std::string_view toText(ImageState state) noexcept;
std::optional<ImageState> imageStateFromText(std::string_view text) noexcept;

/// A disk image goes to the disk block by block; a tree is a root file system, whose files go onto
/// partitions; a RAM disk is a kernel and its initrd, which the machine runs without an installed system.
enum class ImageKind : std::uint8_t { Disk, Tree, Ramdisk };
std::string_view toText(ImageKind kind) noexcept;
std::optional<ImageKind> imageKindFromText(std::string_view text) noexcept;

/// Public: for every project. Project: for the users of the owner's project; without an owner, for those of
/// the system alone. conductor::accessTo() is the rule.
enum class ImageVisibility : std::uint8_t { Public, Project };
std::string_view toText(ImageVisibility visibility) noexcept;
std::optional<ImageVisibility> imageVisibilityFromText(std::string_view text) noexcept;

/// True if @p name is fit for an image, or for a part of a tag: 1 to 128 letters, digits and - . _ , without
/// a dot or hyphen in front, and no UUID.
bool isImageName(std::string_view name) noexcept;

/// Refuses a tag that is not of the form NAME:TAG, both fit for an image. @throws Error InvalidInput
void checkImageTag(const std::string& tag);

/// True if @p text is a content id: 64 lower-case hexadecimal digits. Only such a text may name a file.
bool isContentId(std::string_view text) noexcept;

/// An image of the catalogue. The store has its bytes under contentId; two images may share them.
struct Image {
    ImageId id;
    std::string name; ///< unique; what operators type
    ImageState state = ImageState::Importing;
    ImageKind kind = ImageKind::Disk;
    std::string owner; ///< a project; "": the system
    ImageVisibility visibility = ImageVisibility::Project;
    std::string addressKey;        ///< of an image fetched by address: SHA-256 of owner, address and checksum
    std::string contentId;         ///< isContentId(): SHA-256 over the sizes and block hashes; "" until ready
    std::uint64_t sizeBytes = 0;   ///< raw size, as on the disk; of a tree: of its archive
    std::uint64_t storedBytes = 0; ///< size of the .zst file
    std::uint64_t dataBytes = 0;   ///< raw bytes that are not in holes
    std::string sourceFormat;      ///< of the uploaded file: "raw", "qcow2", "qcow2+gz", "tar", "oci" ...
    std::string source;            ///< file name or URL without credentials
    std::string manifestSha256;    ///< authenticates the manifest
    std::string architecture;      ///< "x86_64"; "": unknown, fits every machine
    std::string bootMode;          ///< "bios", "uefi"; "": both, or unknown
    JsonText description{}; ///< of a tree: entries, layout ... (docs/trees.md); of a RAM disk: kernel, initrd
                            ///< ... (docs/ramdisk-deployments.md); of every kind: notes, a list of texts
    std::uint64_t progressBytes = 0;      ///< of the source, while importing
    std::uint64_t progressTotalBytes = 0; ///< 0: unknown
    std::string errorCode;                ///< kebab-case; "" unless failed or broken
    std::string errorMessage;
    std::string errorHint;
    JsonText labels{};                 ///< {"os": "debian"}: for the operators' selectors
    std::optional<UtcTime> verifiedAt; ///< when bm last read and hashed all its bytes
    UtcTime createdAt{};
    UtcTime updatedAt{};
};

} // namespace bm::model

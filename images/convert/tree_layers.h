#pragma once
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace bm::images {

/// Small JSON documents of an archive, by path: index.json, manifest.json, blobs up to 1 MiB.
using Documents = std::map<std::string, std::string, std::less<>>;

/// A layer: its entry in the outer archive and, when known, the SHA-256 of its bytes.
struct Layer {
    std::string path;
    std::string sha256; ///< lower-case hex, or empty
};

/// The layers of the image that @p documents describe, lowest first; empty when they describe none. The image
/// may have several tags. Sources: OCI image-layout 1.0; Docker's image specification 1.2, whose
/// manifest.json names the layers as the tool likes: "HEX/layer.tar" (docker), "HEX.tar" (podman, skopeo),
/// "HEX.tar.gz" (crane, kaniko, Jib), "blobs/sha256/HEX.tar.gz" (Bazel's rules_oci).
/// @param architecture  OCI's name ("amd64"), to choose among several images
/// @throws Refusal: several images, none for this architecture, encrypted or foreign layers, invalid JSON
std::vector<Layer> layersOf(const Documents& documents, std::string_view architecture);

} // namespace bm::images

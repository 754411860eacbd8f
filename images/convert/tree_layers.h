#pragma once
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace bm::images {

/// Small documents of an archive (index.json, manifest.json, blobs up to 1 MiB that are JSON), by path.
using Documents = std::map<std::string, std::string, std::less<>>;

/// Whether this top-level name may stand in an OCI layout or a docker archive; one that may not shows a tree.
bool fitsLayers(std::string_view path);

/// One layer: its entry in the outer archive and, where it is known, the SHA-256 of its bytes.
struct Layer {
    std::string path;
    std::string sha256; ///< lower-case hex, or empty
};

/// The layers of the image that @p documents describe, the lowest first; empty where they describe none.
/// @param architecture  as OCI says it ("amd64"), for a choice among several
/// @throws Refusal: several images, none for this architecture, encrypted or foreign layers, broken JSON
std::vector<Layer> layersOf(const Documents& documents, std::string_view architecture);

} // namespace bm::images

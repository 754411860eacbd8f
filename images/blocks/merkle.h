#pragma once
#include "images/blocks/manifest.h"

namespace bm::images {

/// The root of a Merkle tree over all block hashes of an image (RFC 6962, 2.1). A leaf is SHA-256 of 00h and
/// the block's SHA-256. A node is SHA-256 of 01h and its two children; its left child covers the largest
/// power of two of leaves below their count. Without blocks, it is SHA-256 of the empty string. A few hashes
/// then prove that a block belongs to the image.
Sha256 blocksRoot(const Manifest& manifest);

} // namespace bm::images

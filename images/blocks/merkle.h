#pragma once
#include "images/blocks/manifest.h"

namespace bm::images {

/// One hash that stands for all block hashes of an image, as a tree (RFC 6962, 2.1): a leaf is SHA-256 of
/// 00h and the block's SHA-256, a node SHA-256 of 01h and its two children, the left child being the largest
/// power of two of leaves that leaves some over; of no blocks, SHA-256 of nothing. So any one block can be
/// proved to belong to it with a few hashes.
Sha256 blocksRoot(const Manifest& manifest);

} // namespace bm::images

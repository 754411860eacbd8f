#include "images/blocks/merkle.h"

#include "images/blocks/digest.h"

#include <bit>

namespace bm::images {
namespace {

Sha256 hashOf(std::uint8_t mark, std::span<const std::uint8_t> first, std::span<const std::uint8_t> second)
{
    std::vector<std::uint8_t> bytes{mark};
    bytes.insert(bytes.end(), first.begin(), first.end());
    bytes.insert(bytes.end(), second.begin(), second.end());
    return sha256(std::as_bytes(std::span(bytes)));
}

Sha256 rootOf(std::span<const BlockEntry> blocks)
{
    if (blocks.empty())
        return sha256({});
    if (blocks.size() == 1)
        return hashOf(0, blocks[0].sha256, {});
    const std::size_t left = std::bit_floor(blocks.size() - 1);
    return hashOf(1, rootOf(blocks.first(left)), rootOf(blocks.subspan(left)));
}

} // namespace

Sha256 blocksRoot(const Manifest& manifest)
{
    return rootOf(manifest.blocks);
}

} // namespace bm::images

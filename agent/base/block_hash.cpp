#include "agent/base/block_hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace bm::agent {

BlockHash hashOf(std::span<const std::byte> bytes)
{
    const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
    return {hash.low64, hash.high64};
}

} // namespace bm::agent

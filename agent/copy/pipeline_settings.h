#pragma once
#include <cstddef>

namespace bm::agent {

struct PipelineSettings {
    std::size_t memoryBytes = std::size_t{40} << 20U; ///< of all buffers together; at least 8 MiB are used
    unsigned decoders = 0; ///< threads that verify and decompress; 0: as many as cores
    unsigned writers = 2;  ///< threads that write
};

} // namespace bm::agent

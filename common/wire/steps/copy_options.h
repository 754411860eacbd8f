#pragma once
#include "common/wire/json/json_fields.h"

#include <tuple>

namespace bm::wire {

/// How an agent copies a disk image: members of POST /v1/nodes/{ident}/provision, of the stored operation and
/// of the agent's step write_image. A new option is a row here, a flag of bm provision, and its use in
/// agent/copy.
struct CopyOptions {
    bool growLastPartition = true; ///< to the disk's end
    bool full = false;             ///< copy every block, whatever the disk holds
    static constexpr auto fields()
    {
        return std::tuple(field("grow_last_partition", &CopyOptions::growLastPartition),
                          field("full", &CopyOptions::full));
    }
};

} // namespace bm::wire

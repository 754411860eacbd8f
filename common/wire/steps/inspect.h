#pragma once
#include "common/wire/json/json_fields.h"

namespace bm::wire {

/// inspect: CPU, memory, disks, NICs, board and firmware.
struct InspectArguments {
    std::uint64_t lldpSeconds = 0; ///< time in which NICs listen for their switches; 0: none, at most 600
    static constexpr auto fields()
    {
        return std::tuple(field("lldp_seconds", &InspectArguments::lldpSeconds));
    }
};

struct InspectResult {
    model::JsonText inventory{}; ///< in the form of Ironic's agent
    static constexpr auto fields() { return std::tuple(field("inventory", &InspectResult::inventory)); }
};

} // namespace bm::wire

#pragma once
#include "common/wire/steps/disk_parts.h"

namespace bm::wire {

/// start_kernel: loads the kernel of the deployed system; the agent starts it after the server has its report
/// (docs/adr/0051).
struct StartKernelArguments {
    DiskChoice disk{};
    static constexpr auto fields() { return std::tuple(inlined(&StartKernelArguments::disk)); }
};

struct StartKernelResult {
    bool loaded = false;
    std::optional<std::string> why{}; ///< the reason for a start by the firmware instead
    std::optional<std::string> kernel{};
    std::optional<std::vector<std::string>> initrds{};
    std::optional<std::string> arguments{};
    static constexpr auto fields()
    {
        return std::tuple(field("loaded", &StartKernelResult::loaded), field("why", &StartKernelResult::why),
                          field("kernel", &StartKernelResult::kernel),
                          field("initrds", &StartKernelResult::initrds),
                          field("arguments", &StartKernelResult::arguments));
    }
};

} // namespace bm::wire

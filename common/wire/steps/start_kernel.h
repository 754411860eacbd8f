#pragma once
#include "common/wire/steps/disk_parts.h"

namespace bm::wire {

/// start_kernel: the kernel of the deployed system is loaded; once the server has the report, the agent
/// leaves for it (docs/adr/0051).
struct StartKernelArguments {
    DiskChoice disk{};
    static constexpr auto fields() { return std::tuple(inlined(&StartKernelArguments::disk)); }
};

struct StartKernelResult {
    bool loaded = false;
    std::optional<std::string> why{}; ///< why it was not: then the firmware starts the machine
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

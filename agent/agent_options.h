#pragma once
#include "agent/server_session.h"

#include <filesystem>
#include <string>
#include <string_view>

namespace bm::agent {

/// What the kernel command line tells the agent: bm.api, bm.node, bm.secret, BOOTIF.
struct BootArguments {
    std::string apiBase;
    std::string nodeUuid;
    std::string secret;
    std::string bootInterface; ///< canonical MAC; "" when there is no BOOTIF
};
/// Blank-separated words, the last of a name wins, double quotes as the kernel reads them.
BootArguments parseKernelCommandLine(std::string_view text);

/// The nonce of this boot: read from @p file, or made (mode 0600) by the first agent of the boot.
std::string bootNonce(const std::filesystem::path& file);

/// From boot arguments, nonce, boot id and NICs. @throws Error InvalidInput naming the argument that is
/// missing
AgentIdentity makeIdentity(const BootArguments& arguments, const std::filesystem::path& stateFolder);

} // namespace bm::agent

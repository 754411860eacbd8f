#pragma once
#include "agent/server_session.h"

#include <filesystem>
#include <string>
#include <string_view>

namespace bm::agent {

/// The agent's options from the kernel command line: bm.api, bm.node, bm.secret, BOOTIF.
struct BootArguments {
    std::string apiBase;
    std::string nodeUuid;
    std::string secret;
    std::string bootInterface; ///< canonical MAC; "" when there is no BOOTIF
};
/// Parses blank-separated words. The last word with a name counts. Double quotes are as in the kernel.
BootArguments parseKernelCommandLine(std::string_view text);

/// The nonce of this boot, from @p file. The first agent of the boot creates the file (mode 0600).
std::string bootNonce(const std::filesystem::path& file);

/// From boot arguments, nonce, boot id and NICs. @throws Error InvalidInput naming the argument that is
/// missing
AgentIdentity makeIdentity(const BootArguments& arguments, const std::filesystem::path& stateFolder);

} // namespace bm::agent

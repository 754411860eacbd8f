#pragma once
#include "agent/base/agent_log.h"
#include "common/platform/exec.h"

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace bm::agent {

/// The credentials for a login as root.
struct RescueAccess {
    std::string hashedPassword{};       ///< crypt(3), as in /etc/shadow; empty: no password
    std::vector<std::string> sshKeys{}; ///< lines of authorized_keys
};
/// @throws Error InvalidInput (neither password nor key, not a hash of crypt(3), a key of several lines)
void validate(const RescueAccess& access);

/// The paths of the server; tests use others.
struct RescuePlaces {
    std::filesystem::path shadow = "/etc/shadow";
    std::filesystem::path home = "/root";
    std::filesystem::path state = "/run/bm-rescue"; ///< host key and pid
    std::string listen = "22";                      ///< as dropbear's -p: "[address:]port"
};

/// Starts dropbear for the operator of a rescue. dropbear continues when the agent ends. Another call sets
/// new credentials and keeps the host key.
class RescueServer {
public:
    RescueServer(platform::Exec& exec, AgentLog& log, RescuePlaces places, std::stop_token stop);
    /// @return the host key's fingerprint, "SHA256:..."
    /// @throws Error InvalidInput, AgentFailed
    std::string start(const RescueAccess& access);

private:
    void allow(const RescueAccess& access) const;
    std::string hostKey();
    void stopOld() const;
    std::string mustRun(const std::vector<std::string>& argv);

    platform::Exec& exec_;
    AgentLog& log_;
    RescuePlaces places_;
    std::stop_token stop_;
};

/// The fingerprint in the output of dropbearkey -y; "" without one.
std::string parseFingerprint(std::string_view dropbearkey);
/// Replaces or adds root's hash in @p shadow; keeps all other lines.
std::string shadowWith(std::string_view shadow, const std::string& hash);

} // namespace bm::agent

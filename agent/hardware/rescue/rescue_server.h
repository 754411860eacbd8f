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

/// Who may log in as root.
struct RescueAccess {
    std::string hashedPassword{};       ///< crypt(3), as in /etc/shadow; empty: no password
    std::vector<std::string> sshKeys{}; ///< lines of authorized_keys
};
/// @throws Error InvalidInput: neither, no hash of crypt(3)'s, or a key that is no single line
void validate(const RescueAccess& access);

/// Where it is set up; tests give other places.
struct RescuePlaces {
    std::filesystem::path shadow = "/etc/shadow";
    std::filesystem::path home = "/root";
    std::filesystem::path state = "/run/bm-rescue"; ///< host key and pid
    std::string listen = "22";                      ///< as dropbear's -p: "[address:]port"
};

/// dropbear for the operator who rescues a machine; it goes on when the agent ends. Starting it again sets
/// the new access and keeps the host key.
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

/// Of what dropbearkey -y prints; "" where there is none.
std::string parseFingerprint(std::string_view dropbearkey);
/// @p shadow with root's hash replaced or added, all others as they are.
std::string shadowWith(std::string_view shadow, const std::string& hash);

} // namespace bm::agent

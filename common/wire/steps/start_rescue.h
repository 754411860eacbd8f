#pragma once
#include "common/wire/json/json_fields.h"

namespace bm::wire {

/// start_rescue: an SSH server lets root in by the password or a key, at least one of them.
struct StartRescueArguments {
    std::string hashedPassword{}; ///< "$6$..."; stored sealed (StepKind::sealedArgument)
    std::optional<std::vector<std::string>> sshKeys{};
    static constexpr auto fields()
    {
        return std::tuple(field("hashed_password", &StartRescueArguments::hashedPassword),
                          field("ssh_keys", &StartRescueArguments::sshKeys));
    }
};

struct StartRescueResult {
    std::optional<std::string> address{}; ///< nothing: the NIC of the boot has none
    std::uint64_t port = 22;
    std::string hostKeyFingerprint{}; ///< "SHA256:..."
    static constexpr auto fields()
    {
        return std::tuple(field("address", &StartRescueResult::address, WhenEmpty::Null),
                          field("port", &StartRescueResult::port),
                          field("host_key_fingerprint", &StartRescueResult::hostKeyFingerprint));
    }
};

} // namespace bm::wire

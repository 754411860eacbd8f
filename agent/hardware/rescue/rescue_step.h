#pragma once
#include "agent/step/step_context.h"

namespace bm::agent {

/// start_rescue {hashed_password: "$6$...", ssh_keys: ["ssh-ed25519 ..."]}, one of them at least -> {address,
/// port, host_key_fingerprint: "SHA256:..."}. dropbear lets root in, with that alone; the agent goes on.
model::JsonText startRescueStep(const StepContext& context);

} // namespace bm::agent

#pragma once
#include "agent/step/step_context.h"

namespace bm::agent {

/// burnin_cpu {seconds: 600, cpus: 0 (all)} -> {seconds, cpus, rounds, rounds_per_s}
/// All three: what does not come out as it must is an Error AgentFailed that names what and where.
model::JsonText burnInCpuStep(const StepContext& context);
/// burnin_memory {seconds: 600, percent: 90 (of what is free)} -> {seconds, bytes_tested, passes,
/// bytes_written, bytes_read, mb_per_s}
model::JsonText burnInMemoryStep(const StepContext& context);
/// burnin_disk {seconds: 600, mode: "read"|"write"|"smart"} -> {mode, disks: [{name, serial, bytes_written,
/// bytes_read, passes, mb_per_s}], skipped: [{name, reason}]}; "write" overwrites all candidates and leaves
/// them without partition table; "smart" (seconds: how long a self-test may take) -> disks: [{name, serial,
/// health: "passed"|null, self_test: "passed"|"unfinished"|null, detail}]
model::JsonText burnInDiskStep(const StepContext& context);

} // namespace bm::agent

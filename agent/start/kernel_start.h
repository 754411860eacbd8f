#pragma once
#include "agent/base/agent_log.h"
#include "agent/start/kernel_choice.h"

#include <functional>
#include <optional>
#include <string>

namespace bm::agent {

/// The kernel of the system on a disk, by the configuration of its boot loader (GRUB's grub.cfg, entries of
/// the Boot Loader Specification) in whichever file system has one whose files are there.
/// @param found  called while that file system is mounted, read-only, at a folder
/// @return the kernel; nothing where there is none. @throws Error DiskFailed and what @p found throws
std::optional<KernelChoice>
findKernel(const std::string& disk, AgentLog& log,
           const std::function<void(const KernelChoice&, const std::string& folder)>& found);

/// Hands kernel, initrds and arguments to kexec_file_load(2); nothing is started yet.
/// @param folder  the root of the choice's paths; no symlink leads out of it
/// @throws Error AgentFailed (also where Secure Boot's lockdown refuses the kernel's signature)
void loadKernel(const KernelChoice& choice, const std::string& folder);

/// Leaves this system for the loaded kernel. Returns only when that is not possible.
void jump();

} // namespace bm::agent

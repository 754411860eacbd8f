#pragma once
#include "agent/base/agent_log.h"
#include "agent/start/kernel_choice.h"

#include <functional>
#include <optional>
#include <string>

namespace bm::agent {

/// The kernel of the system on a disk, by the configuration of its boot loader (GRUB's grub.cfg, entries of
/// the Boot Loader Specification) on the first file system with such a configuration whose files exist.
/// @param found  called with the folder at which that file system is mounted read-only
/// @return the kernel; nothing without one. @throws Error DiskFailed, and the exceptions of @p found
std::optional<KernelChoice>
findKernel(const std::string& disk, AgentLog& log,
           const std::function<void(const KernelChoice&, const std::string& folder)>& found);

/// Loads kernel, initrds and arguments by kexec_file_load(2), and does not start the kernel.
/// @param folder  the root of the choice's paths; symlinks cannot leave it
/// @throws Error AgentFailed (also where Secure Boot's lockdown refuses the kernel's signature)
void loadKernel(const KernelChoice& choice, const std::string& folder);

/// Starts the loaded kernel. Returns only on failure.
void jump();

} // namespace bm::agent

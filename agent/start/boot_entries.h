#pragma once
#include "agent/base/agent_log.h"
#include "common/model/deadline.h"
#include "common/platform/exec.h"

#include <string>
#include <string_view>
#include <vector>

namespace bm::agent {

/// A boot option of UEFI (UEFI 2.10, 3.1.3), from efibootmgr's output.
struct BootEntry {
    std::string number; ///< "001A"
    std::string label;
    std::string partition; ///< GUID of the GPT partition that it names, lower-case; "": none
    std::string loader;    ///< "\EFI\debian\shimx64.efi"; "": none
};

struct BootVariables {
    std::string current; ///< the option that started this system
    std::vector<std::string> order;
    std::vector<BootEntry> entries;
};
/// Parses the output of efibootmgr -v, versions 16 to 18.
BootVariables parseBootVariables(std::string_view text);

/// A disk that firmware is to start.
struct BootTarget {
    std::string disk; ///< "/dev/vda"
    unsigned partition = 0;
    std::string partitionGuid; ///< lower-case
    std::string loader;        ///< "\EFI\debian\shimx64.efi"
};

/// The prefix of the labels of bm's own entries.
inline constexpr std::string_view kBootLabel = "bm: ";

/// The label of bm's entry for @p image: printable ASCII, short enough for every firmware.
std::string bootLabel(const std::string& image);

/// Numbers of the entries to remove: bm's own, unless they are one of @p targets under @p label, and those
/// that name a partition of @p gone.
std::vector<std::string> staleEntries(const BootVariables& variables, const std::vector<BootTarget>& targets,
                                      const std::string& label, const std::vector<std::string>& gone);

/// The order with @p ours before all other entries, except the entry that started this system, if it was the
/// first (docs/adr/0050). Keeps the order of all others.
std::vector<std::string> wantedOrder(const BootVariables& variables, const std::vector<std::string>& ours);

struct BootEntriesOutcome {
    std::vector<std::string> entries; ///< "Boot0004 bm: debian-12", in the order of the targets
    std::vector<std::string> removed; ///< removed entries, in the same form
    std::vector<std::string> order;   ///< BootOrder afterwards
};

/// Creates an entry with @p label for each of @p targets, removes stale entries, and corrects BootOrder.
/// Without targets it only removes. May be repeated; does not rewrite correct entries.
/// @throws Error AgentFailed (efibootmgr fails, or its new entry is missing), DeadlineExceeded, Aborted
BootEntriesOutcome enterTargets(const std::vector<BootTarget>& targets, const std::string& label,
                                const std::vector<std::string>& gone, platform::Exec& exec, AgentLog& log,
                                const model::Deadline& deadline);

} // namespace bm::agent

#pragma once
#include "agent/base/agent_log.h"
#include "common/model/deadline.h"
#include "common/platform/exec.h"

#include <string>
#include <string_view>
#include <vector>

namespace bm::agent {

/// One of UEFI's boot options (UEFI 2.10, 3.1.3), as efibootmgr tells it.
struct BootEntry {
    std::string number; ///< "001A"
    std::string label;
    std::string partition; ///< GUID of the GPT partition that it names, lower-case; "": it names none
    std::string loader;    ///< "\EFI\debian\shimx64.efi"; "": none is named
};

struct BootVariables {
    std::string current; ///< what this system was started from
    std::vector<std::string> order;
    std::vector<BootEntry> entries;
};
/// From the output of efibootmgr -v, of version 16 to 18.
BootVariables parseBootVariables(std::string_view text);

/// A disk that firmware is to start.
struct BootTarget {
    std::string disk; ///< "/dev/vda"
    unsigned partition = 0;
    std::string partitionGuid; ///< lower-case
    std::string loader;        ///< "\EFI\debian\shimx64.efi"
};

/// Labels of bm's own entries begin with it.
inline constexpr std::string_view kBootLabel = "bm: ";

/// The label of bm's entry for @p image: printable ASCII, short enough for every firmware.
std::string bootLabel(const std::string& image);

/// Numbers of the entries to remove: bm's own, unless they are one of @p targets under @p label, and those
/// that name a partition of @p gone.
std::vector<std::string> staleEntries(const BootVariables& variables, const std::vector<BootTarget>& targets,
                                      const std::string& label, const std::vector<std::string>& gone);

/// @p ours before all others; only the entry that this system was started from stays before them, if it was
/// the first (docs/adr/0050). Nothing else changes places.
std::vector<std::string> wantedOrder(const BootVariables& variables, const std::vector<std::string>& ours);

struct BootEntriesOutcome {
    std::vector<std::string> entries; ///< "Boot0004 bm: debian-12", in the order of the targets
    std::vector<std::string> removed; ///< the same, of removed entries
    std::vector<std::string> order;   ///< BootOrder afterwards
};

/// Gives each of @p targets an entry called @p label, removes stale ones, puts BootOrder right; with no
/// targets it only removes. May be repeated: writes no entry that is right.
/// @throws Error AgentFailed (efibootmgr fails, or its entry is not there), DeadlineExceeded, Aborted
BootEntriesOutcome enterTargets(const std::vector<BootTarget>& targets, const std::string& label,
                                const std::vector<std::string>& gone, platform::Exec& exec, AgentLog& log,
                                const model::Deadline& deadline);

} // namespace bm::agent

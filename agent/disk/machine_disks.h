#pragma once
#include "common/wire/agent/disk_rules.h"

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace bm::agent {

/// The machine's disks under the rules of its node. A step takes its disks from here, so that it chooses no
/// disk that the rules protect, and asks refuseProtected() before it writes.
class MachineDisks {
public:
    using Reader = std::function<std::vector<wire::Disk>()>;
    /// @param read  judged disks (judgeDisks)
    /// @throws Error InvalidInput for rules that cannot be read
    explicit MachineDisks(Reader read, const wire::DiskRules& rules = {}, std::filesystem::path sys = "/sys");

    /// The disks as they are now. Skipped disks are no candidates.
    std::vector<wire::Disk> operator()() const;
    /// The same for steps that only read: the rules do not count.
    std::vector<wire::Disk> unruled() const { return read_(); }
    /// The disks that a step writes are chosen by the step (all disks, the only one), or by hints or the
    /// last deployment.
    enum class Chosen : std::uint8_t { ByStep, ByName };
    /// @throws Error Conflict when one of @p disks is protected, or has an array or a volume of the kernel in
    /// common with a protected disk: to stop it would write that disk; when the step chose a disk with a
    /// cluster file system, which other machines may use
    void refuseProtected(const std::vector<wire::Disk>& disks, Chosen chosen = Chosen::ByStep) const;

private:
    void refuseSharedFileSystems(const std::vector<wire::Disk>& disks) const;

    Reader read_;
    wire::SkipList skips_;
    std::filesystem::path sys_;
    bool guard_;
};

} // namespace bm::agent

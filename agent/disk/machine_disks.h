#pragma once
#include "common/wire/agent/disk_rules.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace bm::agent {

/// How a step waits for disks that the kernel finds late: a controller that starts slowly, a drive that spins
/// up.
struct DiskPatience {
    std::function<void(std::chrono::seconds)> pause{}; ///< throws Aborted when the step stops; empty: no wait
    std::function<void(const std::string&)> says{};    ///< gets the text of each wait that begins or succeeds
    std::function<void(const std::string&)> gaveUp{}; ///< gets the text of each wait that ends without a disk
};

/// The machine's disks under the rules of its node. A step takes its disks from here, so that it waits for
/// late disks and chooses no disk that the rules protect, and asks refuseProtected() before it writes.
class MachineDisks {
public:
    using Reader = std::function<std::vector<wire::Disk>()>;
    /// @param read  judged disks (judgeDisks)
    /// @throws Error InvalidInput for rules that cannot be read
    explicit MachineDisks(Reader read, const wire::DiskRules& rules = {}, std::filesystem::path sys = "/sys",
                          DiskPatience patience = {});

    /// The disks as they are now. Skipped disks are no candidates. The first call waits for the disks that
    /// the rules expect, and for a first disk, 30 s at most.
    std::vector<wire::Disk> operator()() const;
    std::vector<wire::Disk> now() const; ///< the same without a wait
    /// The answer of @p choose about now(). While it throws DiskNotFound, this waits 30 s at most, 2 minutes
    /// where hints name one disk. @throws Error of @p choose
    template <class Choose> auto onceFound(bool nameOneDisk, const Choose& choose) const
    {
        std::optional<std::decay_t<std::invoke_result_t<Choose, const std::vector<wire::Disk>&>>> chosen;
        awaitChoice(nameOneDisk,
                    [&](const std::vector<wire::Disk>& disks) { chosen.emplace(choose(disks)); });
        return *std::move(chosen);
    }
    /// The expected disks that are still absent; without skipped ones.
    std::vector<wire::Disk> absent() const;
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
    void awaitChoice(bool nameOneDisk,
                     const std::function<void(const std::vector<wire::Disk>&)>& choose) const;
    std::string lackOfDisks() const;
    void await(std::chrono::seconds span, const std::function<std::string()>& lack) const;
    void refuseSharedFileSystems(const std::vector<wire::Disk>& disks) const;

    Reader read_;
    wire::SkipList skips_;
    std::vector<wire::Disk> expected_;
    std::filesystem::path sys_;
    DiskPatience patience_;
    bool guard_;
    mutable bool hasWaited_ = false; ///< a step waits once for a disk that is gone
};

} // namespace bm::agent

#pragma once
#include "agent/base/agent_log.h"
#include "agent/disk/loop_device.h"
#include "common/model/deadline.h"
#include "common/platform/exec.h"

#include <cstdint>
#include <memory>
#include <string>

namespace bm::agent {

/// A writable view of a disk that leaves the disk unchanged: writes go to RAM (device mapper's snapshot).
/// Writes are limited to a third of the RAM; beyond that, reads fail. The destructor removes the view.
class DiskOverlay {
public:
    /// @throws Error DiskFailed (the kernel refuses it), DeadlineExceeded
    DiskOverlay(platform::Exec& exec, const std::string& disk, std::uint64_t diskBytes, AgentLog& log,
                const model::Deadline& deadline);
    ~DiskOverlay();
    DiskOverlay(const DiskOverlay&) = delete;
    DiskOverlay& operator=(const DiskOverlay&) = delete;
    const std::string& path() const { return path_; } ///< "/dev/dm-0"

private:
    platform::Exec& exec_;
    AgentLog& log_;
    platform::TemporaryFolder folder_;
    std::unique_ptr<LoopDevice> changes_;
    std::string name_;
    std::string path_;
};

} // namespace bm::agent

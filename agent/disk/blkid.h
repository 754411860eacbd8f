#pragma once
#include "common/model/deadline.h"
#include "common/platform/exec.h"

#include <map>
#include <string>

namespace bm::agent {

/// What blkid(8) finds on the device or file @p path, by tag ("TYPE", "UUID", "LABEL"); empty where it knows
/// nothing of it. It reads the superblocks, not its cache; at most 30 s.
/// @throws Error Aborted, DeadlineExceeded, AgentFailed (no blkid)
std::map<std::string, std::string> blkid(const std::string& path, platform::Exec& exec,
                                         const model::Deadline& deadline);

} // namespace bm::agent

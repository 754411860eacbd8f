#pragma once
#include "common/model/deadline.h"
#include "common/platform/exec.h"

#include <map>
#include <string>

namespace bm::agent {

/// The output of blkid(8) for the device or file @p path, by tag ("TYPE", "UUID", "LABEL"); empty for unknown
/// content. blkid reads the superblocks, not its cache. Takes at most 30 s.
/// @throws Error Aborted, DeadlineExceeded, AgentFailed (no blkid)
std::map<std::string, std::string> blkid(const std::string& path, platform::Exec& exec,
                                         const model::Deadline& deadline);

} // namespace bm::agent

#pragma once
#include "cli/commands.h"

namespace bm::cli {

/// What stands below `bm node` and fills a file of its own.
void addNodeList(CLI::App& node, Shell& shell);

} // namespace bm::cli

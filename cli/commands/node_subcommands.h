#pragma once
#include "cli/shell/shell.h"

#include <CLI/CLI.hpp>

namespace bm::cli {

/// What stands below `bm node` and fills a file of its own.
void addNodeList(CLI::App& node, Shell& shell);
void addNodeEnrol(CLI::App& node, Shell& shell);
void addNodeTimeline(CLI::App& node, Shell& shell);
void addNodeCheck(CLI::App& node, Shell& shell);
/// "bm node report" and "bm node verify": what was written to its disk, and whether it is still there.
void addNodeReport(CLI::App& node, Shell& shell);
/// manage, provide, inspect, clean, service, adopt, rescue, unrescue, unhold: Ironic's verbs.
void addNodeVerbs(CLI::App& node, Shell& shell);

} // namespace bm::cli

#pragma once
#include "cli/shell/shell.h"

#include <CLI/CLI.hpp>

namespace bm::cli {

/// Subcommands of `bm node` with a file of their own.
void addNodeList(CLI::App& node, Shell& shell);
void addNodeEnrol(CLI::App& node, Shell& shell);
void addNodeTimeline(CLI::App& node, Shell& shell);
void addNodeCheck(CLI::App& node, Shell& shell);
/// "bm node report" shows a deployment report; "bm node verify" compares the disk with it.
void addNodeReport(CLI::App& node, Shell& shell);
/// "bm node unknown" lists machines that are not enrolled.
void addNodeUnknown(CLI::App& node, Shell& shell);
/// manage, provide, inspect, clean, service, adopt, rescue, unrescue, unhold: Ironic's verbs.
void addNodeVerbs(CLI::App& node, Shell& shell);
/// "bm node reboot-ok" opens the boot window of operations that wait for a restart by hand.
void addNodeRebootOk(CLI::App& node, Shell& shell);

} // namespace bm::cli

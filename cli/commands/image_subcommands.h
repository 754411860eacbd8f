#pragma once
#include "cli/shell/shell.h"

#include <CLI/CLI.hpp>

namespace bm::cli {

/// What stands below `bm image` and fills a file of its own: capture; verify and prune.
void addImageCapture(CLI::App& image, Shell& shell);
void addImageUpkeepCommands(CLI::App& image, Shell& shell);

} // namespace bm::cli

#pragma once
#include "cli/shell/shell.h"

#include <CLI/CLI.hpp>

namespace bm::cli {

/// Subcommands of `bm image` with a file of their own: capture, verify and prune.
void addImageCapture(CLI::App& image, Shell& shell);
void addImageUpkeepCommands(CLI::App& image, Shell& shell);

} // namespace bm::cli

#pragma once
#include "cli/commands/commands.h"

namespace bm::cli {

/// "bm image capture": a node's disk becomes an image.
void addImageCapture(CLI::App& image, Shell& shell);
/// "bm node report" and "bm node verify": what was written to its disk, and whether it is still there.
void addNodeReport(CLI::App& node, Shell& shell);

/// HINT=VALUE texts as root device hints. @throws Error InvalidInput
nlohmann::json hintsOf(const std::vector<std::string>& hints, const std::string& option);

} // namespace bm::cli

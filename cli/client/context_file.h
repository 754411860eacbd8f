#pragma once
#include "cli/client/client.h"

#include <filesystem>
#include <map>
#include <string>

namespace bm::cli {

/// The servers that an operator works with, by name, and the name of the current one.
struct Contexts {
    std::string current; ///< empty: none; client.yaml applies
    std::map<std::string, Endpoint> known;
};

/// ~/.config/bm/contexts.yaml, or contexts.yaml beside the file that BM_CLIENT_CONFIG names; empty when HOME
/// is not set.
std::filesystem::path contextsFile();
/// A missing file yields no contexts. @throws Error InvalidInput with the file's line
Contexts readContexts(const std::filesystem::path& file);
/// Writes the file with mode 0600 in a folder of mode 0700, because it names password files.
void writeContexts(const std::filesystem::path& file, const Contexts& contexts);
/// @throws Error NotFound, which lists the known names
const Endpoint& findContext(const Contexts& contexts, const std::string& name);

} // namespace bm::cli

#pragma once
#include "cli/client/client.h"

#include <filesystem>
#include <map>
#include <string>

namespace bm::cli {

/// The servers that an operator works with, by name; and the one that is meant unless told otherwise.
struct Contexts {
    std::string current; ///< empty: none, client.yaml counts
    std::map<std::string, Endpoint> known;
};

/// ~/.config/bm/contexts.yaml, or beside BM_CLIENT_CONFIG; empty without a home.
std::filesystem::path contextsFile();
/// No file: none are known. @throws Error InvalidInput with the file's line
Contexts readContexts(const std::filesystem::path& file);
/// Mode 0600, in a folder of mode 0700: it tells where passwords are.
void writeContexts(const std::filesystem::path& file, const Contexts& contexts);
/// @throws Error NotFound with the names that there are
const Endpoint& findContext(const Contexts& contexts, const std::string& name);

} // namespace bm::cli

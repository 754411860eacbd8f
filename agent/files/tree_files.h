#pragma once
#include "common/platform/files.h"

#include <string>
#include <string_view>
#include <vector>

namespace bm::agent {

/// Access to files of the tree by path below its root. Symlinks resolve as in the deployed system
/// (openat2(2): RESOLVE_IN_ROOT).
class TreeFiles {
public:
    explicit TreeFiles(const std::string& root);
    bool has(const std::string& path) const;
    /// The file's text; empty when it is missing. Reads at most 1 MiB.
    std::string read(const std::string& path) const;
    /// Replaces the file atomically, also a symlink at @p path.
    void write(const std::string& path, std::string_view text, unsigned mode = 0644) const;
    void makeFolders(const std::string& path, unsigned mode = 0755) const;
    std::vector<std::string> list(const std::string& folder) const;
    /// Opens the file for reading. @throws Error NotFound
    platform::Fd open(const std::string& path) const;

private:
    platform::Fd openAt(const std::string& path, int flags) const;
    platform::Fd root_;
};

} // namespace bm::agent

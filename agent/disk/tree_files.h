#pragma once
#include "common/platform/files.h"

#include <string>
#include <string_view>
#include <vector>

namespace bm::agent {

/// Files of the tree, by path below its root; a symlink on the way leads to where it would in the deployed
/// system (openat2(2): RESOLVE_IN_ROOT).
class TreeFiles {
public:
    explicit TreeFiles(const std::string& root);
    bool has(const std::string& path) const;
    /// Empty where there is no such file; at most 1 MiB is read.
    std::string read(const std::string& path) const;
    /// Whole or not at all; a symlink at @p path itself is replaced.
    void write(const std::string& path, std::string_view text, unsigned mode = 0644) const;
    void makeFolders(const std::string& path, unsigned mode = 0755) const;
    std::vector<std::string> list(const std::string& folder) const;
    /// For reading, a descriptor. @throws Error NotFound
    platform::Fd open(const std::string& path) const;

private:
    platform::Fd openAt(const std::string& path, int flags) const;
    platform::Fd root_;
};

} // namespace bm::agent

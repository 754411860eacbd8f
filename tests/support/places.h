#pragma once
#include <string>

namespace bm::tests {

/// Folders of the build and the sources. Only one object file contains them, so that another clone can share
/// the compiler cache.
std::string sourceFolder(); ///< absolute path of the repository
std::string dataFolder();   ///< tests/data

} // namespace bm::tests

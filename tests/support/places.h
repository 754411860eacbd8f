#pragma once
#include <string>

namespace bm::tests {

/// Folders, known to one object only, so that another clone's compiler cache serves the rest.
std::string sourceFolder(); ///< absolute, of the repository
std::string dataFolder();   ///< tests/data

} // namespace bm::tests

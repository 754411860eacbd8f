#include "tests/support/places.h"

namespace bm::tests {

std::string sourceFolder()
{
    return BM_SOURCE_DIR;
}

std::string dataFolder()
{
    return sourceFolder() + "/tests/data";
}

} // namespace bm::tests

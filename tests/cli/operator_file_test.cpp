#include "cli/client/operator_file.h"
#include "common/model/error.h"

#include <catch2/catch.hpp>
#include <unistd.h>

using namespace bm;

TEST_CASE("- is standard input where an option takes a file", "[cli][files]")
{
    const platform::TemporaryFolder folder;
    const std::string file = (folder.path() / "data").string();
    platform::writeFileAtomically(file, "first\n");
    CHECK(cli::readOperatorFile(file) == "first\n");
    REQUIRE(std::freopen(file.c_str(), "r", stdin) != nullptr);
    CHECK(cli::readOperatorFile("-") == "first\n");
    REQUIRE(std::freopen("/dev/null", "r", stdin) != nullptr);
}
